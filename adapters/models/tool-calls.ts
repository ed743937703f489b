import { isJsonObject, type Json } from '../../contracts/json.ts';
import type { ToolCall } from '../../contracts/message.ts';
import type { ToolCallDelta } from './delta.ts';

/** Parts that belong to one call. */
interface OpenCall {
  readonly index: number | null;
  id: string | null;
  name: string;
  readonly parts: string[];
}

/** Puts the streamed parts of parallel tool calls together. */
export interface ToolCallAssembler {
  add(delta: ToolCallDelta): void;
  /** The calls in the order in which they began. */
  calls(): readonly AssembledCall[];
}

/** A call whose arguments are text still. */
export interface AssembledCall {
  readonly id: string | null;
  readonly name: string;
  readonly argumentsText: string;
}

/** An assembler for one answer. */
export function createToolCallAssembler(): ToolCallAssembler {
  const open: OpenCall[] = [];
  return {
    add: (delta) => {
      const call = matching(open, delta) ?? begin(open, delta);
      call.id ??= delta.id;
      if (call.name === '') call.name = delta.name ?? '';
      call.parts.push(delta.argumentsText);
    },
    calls: () => open.map(({ id, name, parts }) => ({ id, name, argumentsText: parts.join('') })),
  };
}

/**
 * Some servers give every parallel call the same index, or none: a new id begins a new call, whatever
 * the index says.
 */
function matching(open: readonly OpenCall[], delta: ToolCallDelta): OpenCall | undefined {
  const call =
    delta.index === null ? open.at(-1) : open.findLast((other) => other.index === delta.index);
  if (call === undefined || delta.id === null || delta.id === '') return call;
  return call.id === null || call.id === delta.id ? call : undefined;
}

function begin(open: OpenCall[], delta: ToolCallDelta): OpenCall {
  const call: OpenCall = { index: delta.index, id: null, name: '', parts: [] };
  open.push(call);
  return call;
}

/**
 * Calls with parsed arguments. Text that is no JSON object is never repaired: arguments that were cut
 * in the middle must not execute as if they were whole.
 */
export function parseToolCalls(calls: readonly AssembledCall[], turn: number): readonly ToolCall[] {
  const taken = new Set<string>();
  return calls.map(({ id, name, argumentsText }, position) => {
    const given = id ?? '';
    const unique = given === '' || taken.has(given) ? `call_${turn}_${position + 1}` : given;
    taken.add(unique);
    const args = parseArguments(argumentsText);
    return args === null
      ? { id: unique, name, arguments: {}, malformed: argumentsText }
      : { id: unique, name, arguments: args };
  });
}

function parseArguments(text: string): ToolCall['arguments'] | null {
  // Vendors send nothing at all for a tool without parameters.
  if (text.trim() === '') return {};
  try {
    const value = JSON.parse(text) as Json;
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
