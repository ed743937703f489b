import { celText, type DemoAgent } from '../demo-agent.ts';
import type { ScriptTurn } from '../../contracts/agent-spec.ts';

const OPEN = '<recalled_data trust="untrusted">\n';
const CLOSE = '\n</recalled_data>';
/** CEL: the lines that were recalled for the answer. */
const RECALLED = `instructions.split(${celText(OPEN)})[1].split(${celText(CLOSE)})[0]`;

/** What answers offline: it says what it was shown of its memories, and nothing that it was not. */
const SCRIPT: readonly ScriptTurn[] = [
  {
    when: `instructions.contains(${celText(OPEN)})`,
    say: `Welcome back. This is what I remember of you:\n{{ ${RECALLED} }}`,
  },
  {
    say: 'I do not know you yet. Tell me of your boat and what you like; I will remember it.',
  },
];

/** Remembers its guests across conversations; what nobody asks for again fades. */
export const GUEST_CONCIERGE: DemoAgent = {
  name: 'guest-concierge',
  description: 'Remembers guests across conversations, each of them alone, and forgets by and by.',
  spec: {
    model: { provider: 'default', script: SCRIPT },
    instructions: `You are the concierge of a marina. Greet guests with what you remember of them, suggest a berth
that suits boat and habits, and say openly what you do not know.`,
    tools: [],
    input: {
      type: 'object',
      properties: { message: { type: 'string', minLength: 1 } },
      required: ['message'],
      additionalProperties: false,
    },
    memory: { recall: { limit: 5 }, learn: true, feedback: true },
  },
  sampleInput: {
    message: 'I am Ada. My boat Albatros is 12 metres long; I like it quiet at night.',
  },
};
