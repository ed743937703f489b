import { AppError } from '../contracts/app-error.ts';
import type { ChannelSpec } from '../contracts/agent-spec.ts';
import type { Delta } from '../contracts/step.ts';
import { isJsonObject, type Json, type JsonObject } from '../contracts/json.ts';

/** The channels of a graph by name. */
export type Channels = Readonly<Record<string, ChannelSpec>>;

/** The channel that every graph has: the run's conversation. */
export const MESSAGES_CHANNEL = 'messages';

const MESSAGES: ChannelSpec = { reducer: 'append' };
const EMPTY = { replace: null, append: [], merge: {} } as const;

/** The state of a run before its first step. */
export function initialState(channels: Channels): JsonObject {
  const state: Record<string, Json> = { [MESSAGES_CHANNEL]: [] };
  for (const [name, channel] of Object.entries(channels)) {
    state[name] = channel.default ?? EMPTY[channel.reducer];
  }
  return state;
}

/**
 * The state with the writes applied in their order. `replace` puts the value in place; `append` adds
 * it at the end of the list, an array's elements one by one; `merge` copies an object's fields over
 * those of the same name, one level deep. References are to be resolved first.
 */
export function foldDeltas(
  channels: Channels,
  state: JsonObject,
  deltas: readonly Delta[],
): JsonObject {
  if (deltas.length === 0) return state;
  const next: Record<string, Json> = { ...state };
  // Lists made in this call may grow in place: a long fold must not copy its list at every write.
  const grown = new Map<string, Json[]>();
  for (const { channel, value } of deltas) {
    switch (specOf(channels, channel).reducer) {
      case 'replace':
        next[channel] = value;
        grown.delete(channel);
        break;
      case 'append':
        next[channel] = append(grown, channel, { list: own(next, channel), value });
        break;
      case 'merge':
        next[channel] = merge(channel, own(next, channel), value);
        break;
    }
  }
  return next;
}

function specOf(channels: Channels, name: string): ChannelSpec {
  const channel = Object.hasOwn(channels, name) ? channels[name] : undefined;
  if (channel !== undefined) return channel;
  if (name === MESSAGES_CHANNEL) return MESSAGES;
  throw new AppError('step.invalid_output', `the graph has no channel ${name}; declare it`);
}

function own(state: JsonObject, name: string): Json {
  return Object.hasOwn(state, name) ? (state[name] ?? null) : null;
}

function append(
  grown: Map<string, Json[]>,
  channel: string,
  write: { readonly list: Json; readonly value: Json },
): Json {
  let list = grown.get(channel);
  if (list === undefined) {
    const before = write.list;
    list = Array.isArray(before)
      ? [...(before as readonly Json[])]
      : before === null
        ? []
        : [before];
    grown.set(channel, list);
  }
  if (Array.isArray(write.value))
    for (const item of write.value as readonly Json[]) list.push(item);
  else list.push(write.value);
  return list;
}

function merge(channel: string, before: Json, value: Json): JsonObject {
  if (!isJsonObject(value)) {
    throw new AppError(
      'step.invalid_output',
      `channel ${channel} merges objects; write an object to it`,
    );
  }
  return { ...fields(before), ...fields(value) };
}

/** An object's fields but `__proto__`, which could become a prototype in careless hands later on. */
function fields(value: Json): JsonObject {
  if (!isJsonObject(value)) return {};
  if (!Object.hasOwn(value, '__proto__')) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== '__proto__'));
}
