import type { Json, JsonObject } from '../../../contracts/json.ts';
import type { SCRIPT_ROOTS } from '../../../contracts/agent-spec.ts';
import type { ModelMessage, ModelRequest } from '../port.ts';

/** What the expressions of a script see. */
export function scriptScope(
  request: ModelRequest,
): Readonly<Record<(typeof SCRIPT_ROOTS)[number], Json>> {
  return {
    turn: turnOf(request),
    messages: request.messages.map(toJson),
    last: request.messages.at(-1)?.content ?? '',
    instructions: request.instructions,
    tools: request.tools.map(({ name, description, parameters }) => ({
      name,
      description,
      parameters,
    })),
  };
}

/** Counts from 1 with each message of the user. */
export function turnOf(request: ModelRequest): number {
  const lastUser = request.messages.findLastIndex(({ role }) => role === 'user');
  const since = request.messages.slice(lastUser + 1);
  return 1 + since.filter(({ role }) => role === 'assistant').length;
}

function toJson(message: ModelMessage): JsonObject {
  switch (message.role) {
    case 'user':
      return { role: 'user', content: message.content };
    case 'assistant':
      return {
        role: 'assistant',
        content: message.content,
        toolCalls: message.toolCalls.map(({ id, name, arguments: args }) => ({
          id,
          name,
          arguments: args,
        })),
      };
    case 'tool':
      return {
        role: 'tool',
        content: message.content,
        name: message.name,
        toolCallId: message.toolCallId,
        isError: message.isError,
        json: parsed(message.content),
      };
  }
}

/** The content's value; the text itself where it is not JSON. */
function parsed(content: string): Json {
  try {
    return JSON.parse(content) as Json;
  } catch {
    return content;
  }
}
