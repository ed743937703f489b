import { AppError } from '../../contracts/app-error.ts';
import { MESSAGES_CHANNEL } from '../../engine/fold.ts';
import { canonicalJson } from '../../contracts/canonical-json.ts';
import { contentText, type Message } from '../../contracts/message.ts';
import { isJsonObject, type Json, type JsonObject } from '../../contracts/json.ts';
import type { ModelMessage } from '../../adapters/models/port.ts';
import type { Delta } from '../../contracts/step.ts';
import type { NodeContext } from './node-type.ts';

/** A run's input as the user's message: its text if it has one, else canonical JSON. */
export function inputText(input: Json): string {
  if (typeof input === 'string') return input;
  const message = isJsonObject(input) ? input['message'] : undefined;
  return typeof message === 'string' ? message : canonicalJson(input);
}

/**
 * What was said before the run's own messages: the thread's past, then the input. The message that
 * the run answers is its input; the thread's past ends before it.
 */
export async function openingMessages(
  context: Pick<NodeContext, 'run' | 'thread' | 'input'>,
  withInput: boolean,
): Promise<readonly Message[]> {
  const past = context.run.threadId === null ? [] : await context.thread();
  if (!withInput) return past;
  return [...past, { role: 'user', content: inputText(await context.input()) }];
}

/** The run's own messages so far. */
export async function ownMessages(context: NodeContext): Promise<readonly Message[]> {
  const value = await context.read(MESSAGES_CHANNEL);
  if (!Array.isArray(value)) return [];
  return value.map((item: Json, index) => {
    if (isMessage(item)) return item;
    throw new AppError(
      'step.invalid_output',
      `entry ${index} of ${MESSAGES_CHANNEL} is no message`,
    );
  });
}

function isMessage(value: unknown): value is Message {
  if (!isJsonObject(value) || value['content'] === undefined) return false;
  switch (value['role']) {
    case 'user':
      return true;
    case 'assistant':
      return value['toolCalls'] === undefined || Array.isArray(value['toolCalls']);
    case 'tool':
      return typeof value['toolCallId'] === 'string' && typeof value['name'] === 'string';
    default:
      return false;
  }
}

/** How many of the last messages belong to a loop of tool calls that has not been answered yet. */
export function openTurns(messages: readonly Message[]): number {
  let turns = 0;
  for (let i = messages.length - 1; i >= 0; i -= 1) {
    const message = messages[i];
    if (message === undefined || message.role === 'user') return turns;
    if (message.role === 'tool') continue;
    if ((message.toolCalls ?? []).length === 0) return turns;
    turns += 1;
  }
  return turns;
}

/** Messages as a model gets them: text only. */
export function toModelMessages(messages: readonly Message[]): readonly ModelMessage[] {
  return messages.map((message) => {
    const content = contentText(message.content);
    switch (message.role) {
      case 'user':
        return { role: 'user', content };
      case 'assistant':
        return { role: 'assistant', content, toolCalls: message.toolCalls ?? [] };
      case 'tool': {
        const { toolCallId, name } = message;
        return { role: 'tool', toolCallId, name, content, isError: message.isError ?? false };
      }
    }
  });
}

/** The write that adds a message to the run's conversation. */
export function messageDelta(message: Message): Delta {
  if (message.role !== 'assistant') return { channel: MESSAGES_CHANNEL, value: { ...message } };
  const { role, content } = message;
  if (message.toolCalls === undefined) {
    return { channel: MESSAGES_CHANNEL, value: { role, content } };
  }
  const toolCalls = message.toolCalls.map((call): JsonObject => ({ ...call }));
  return { channel: MESSAGES_CHANNEL, value: { role, content, toolCalls } };
}
