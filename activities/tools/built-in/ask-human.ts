import { AppError } from '../../../contracts/app-error.ts';
import type { Tool } from '../tool.ts';

const TIMEOUT_MS = 60_000;
const MAX_QUESTION_CHARS = 10_000;

/** Lets a model put a question to a person; the answer is the tool's result. */
export const askHumanTool: Tool = {
  name: 'ask_human',
  description:
    'Asks a person and waits for the answer, for as long as it takes. Use it when a fact or a ' +
    'decision is missing that only a person can give.',
  parameters: {
    type: 'object',
    properties: {
      question: { type: 'string', minLength: 1, maxLength: MAX_QUESTION_CHARS },
      context: { description: 'What the person should see to answer; any JSON' },
      form: { type: 'object', description: 'JSON Schema of the answer; text by default' },
    },
    required: ['question'],
    additionalProperties: false,
  },
  effect: 'pure',
  timeoutMs: TIMEOUT_MS,
  light: true,
  asksHuman: true,
  execute: () => Promise.reject(new AppError('internal', 'questions are answered by people')),
};
