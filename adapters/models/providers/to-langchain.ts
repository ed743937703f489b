import {
  AIMessage,
  HumanMessage,
  SystemMessage,
  ToolMessage,
  type BaseMessage,
} from '@langchain/core/messages';
import { isJsonObject, type JsonObject, type JsonSchema } from '../../../contracts/json.ts';
import type { ModelMessage, ModelRequest, ToolDefinition } from '../port.ts';

/** The request's conversation as LangChain's messages. */
export function toMessages(request: ModelRequest, extraInstructions = ''): BaseMessage[] {
  const instructions = [request.instructions, extraInstructions].filter((text) => text !== '');
  const system = instructions.join('\n\n');
  const messages = request.messages.filter(isSayable).map(toMessage);
  if (system === '') return messages;
  // Some vendors refuse a request that holds nothing but a system message.
  if (messages.length === 0) return [new HumanMessage(system)];
  return [new SystemMessage(system), ...messages];
}

/** Vendors refuse an assistant's turn that neither says nor calls anything. */
function isSayable(message: ModelMessage): boolean {
  return message.role !== 'assistant' || message.content !== '' || message.toolCalls.length > 0;
}

function toMessage(message: ModelMessage): BaseMessage {
  switch (message.role) {
    case 'user':
      return new HumanMessage(message.content);
    case 'assistant':
      return new AIMessage({
        content: message.content,
        tool_calls: message.toolCalls.map((call) => ({
          type: 'tool_call',
          id: call.id,
          name: call.name,
          args: { ...call.arguments },
        })),
      });
    case 'tool':
      return new ToolMessage({
        content: message.content,
        tool_call_id: message.toolCallId,
        name: message.name,
        status: message.isError ? 'error' : 'success',
      });
  }
}

/** A tool in OpenAI's form, which LangChain converts for every vendor. */
export interface FunctionTool {
  readonly type: 'function';
  readonly function: {
    readonly name: string;
    readonly description: string;
    readonly parameters: Record<string, unknown>;
  };
}

/** A tool with parameters that are an object, as vendors demand. */
export function toFunctionTool(
  tool: ToolDefinition,
  convert: (schema: JsonObject) => JsonObject = (schema) => schema,
): FunctionTool {
  return {
    type: 'function',
    function: {
      name: tool.name,
      description: tool.description,
      parameters: { ...convert(objectSchema(tool.parameters)) },
    },
  };
}

function objectSchema(schema: JsonSchema): JsonObject {
  if (!isJsonObject(schema)) return { type: 'object', properties: {} };
  return { ...schema, type: 'object', properties: schema['properties'] ?? {} };
}

const COMPOSITIONS = ['anyOf', 'oneOf', 'allOf'] as const;

/**
 * The schema without `anyOf`, `oneOf` and `allOf` at its top, their properties merged in. Anthropic's
 * adapter silently drops tools that have them; arguments are checked against the real schema later.
 */
export function withoutTopCompositions(schema: JsonObject): JsonObject {
  const kept = Object.entries(schema).filter(
    ([key]) => !COMPOSITIONS.some((composition) => composition === key),
  );
  const branches = COMPOSITIONS.flatMap((key) => {
    const list = schema[key];
    return Array.isArray(list) ? list.filter(isJsonObject) : [];
  });
  const properties = branches.map((branch) => branch['properties']).filter(isJsonObject);
  return {
    ...Object.fromEntries(kept),
    properties: Object.assign({}, ...properties, schema['properties']) as JsonObject,
  };
}
