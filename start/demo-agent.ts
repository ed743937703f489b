import type { ShorthandSpec } from '../contracts/agent-spec.ts';

/** Name of the agent that a first start makes. */
export const DEMO_AGENT = 'demo';

/** What the demo run is asked. */
export const DEMO_INPUT = { question: 'How much are 17 tickets at 42 euros?' };

/** An agent with a tool; the script answers where no model is configured. */
export const DEMO_SPEC: ShorthandSpec = {
  input: {
    type: 'object',
    properties: { question: { type: 'string' } },
    required: ['question'],
  },
  model: {
    provider: 'default',
    script: [
      {
        when: 'turn == 1',
        say: 'Let me calculate that.',
        call: [{ tool: 'calculator', arguments: { expression: '17 * 42' } }],
      },
      { say: 'That is {{ last }} euros.' },
    ],
  },
  instructions: 'Answer the question. Use the calculator for every calculation.',
  tools: [{ name: 'calculator', approval: 'never' }],
};
