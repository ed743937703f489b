import { isJsonObject, type Json } from '../../../contracts/json.ts';
import { contentText } from '../../../contracts/message.ts';
import { inputText } from '../../nodes/conversation.ts';
import { learnableText } from '../../../contracts/recalled-text.ts';
import type { RunMessage } from '../../../db/stores/learning-store.ts';

/** What was said in a run, without what was recalled into it. */
export interface Turn {
  readonly user: { readonly text: string; readonly messageId: string | null };
  readonly agent: { readonly text: string; readonly messageId: string | null };
}

/** The turn that a run was: its input and its output; results of tools are not part of it. */
export function toTurn(
  { input, output }: { readonly input: Json; readonly output: Json },
  messages: readonly RunMessage[],
): Turn {
  return {
    user: {
      text: learnableText(inputText(input)),
      messageId: messages.find(({ role }) => role === 'user')?.id ?? null,
    },
    agent: {
      text: learnableText(outputText(output)),
      messageId: messages.findLast(({ role }) => role === 'assistant')?.id ?? null,
    },
  };
}

function outputText(output: Json): string {
  if (output === null) return '';
  const answer = isJsonObject(output) ? (output['answer'] ?? output['text']) : undefined;
  return typeof answer === 'string' ? answer : contentText(output);
}
