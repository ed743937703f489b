import { MESSAGES_CHANNEL, type Channels } from '../../engine/fold.ts';
import { isJsonObject, type Json, type JsonObject } from '../../contracts/json.ts';
import { isReplaced } from './state-reader.ts';
import type { Delta } from '../../contracts/step.ts';
import type { Journal } from '../../contracts/journal.ts';
import type { Value } from '../../contracts/blob.ts';

/** Texts below this are inline whatever their characters; asking the journal is spared. */
const SURELY_INLINE_CHARS = 2_000;
/** What a number takes at most. */
const NUMBER_CHARS = 24;

/** Turns large values into references on their way to the journal. */
export interface Offloader {
  value(value: Json): Promise<Value>;
  /** Each field on its own. */
  fields(fields: JsonObject): Promise<JsonObject>;
  delta(channels: Channels, delta: Delta): Promise<OffloadedDelta>;
}

/** A write as it is kept, and as it is folded into the state that this process remembers. */
export interface OffloadedDelta {
  readonly stored: Delta;
  readonly folded: Delta;
}

function isSurelyInline(value: Json): boolean {
  return roomAfter(value, SURELY_INLINE_CHARS) > 0;
}

/** Room that is left behind the value; stops looking once there is none. */
function roomAfter(value: Json, room: number): number {
  if (typeof value === 'string') return room - value.length;
  if (typeof value !== 'object' || value === null) return room - NUMBER_CHARS;
  let left = room;
  for (const [name, item] of Object.entries<Json>(value)) {
    left = roomAfter(item, left - name.length);
    if (left <= 0) break;
  }
  return left;
}

/** An offloader for values of a workspace. */
export function createOffloader(
  journal: Pick<Journal, 'putValue'>,
  workspaceId: string,
): Offloader {
  const put = async (value: Json): Promise<Value> =>
    isSurelyInline(value) ? value : journal.putValue(workspaceId, value);
  return {
    value: put,
    fields: async (fields) => {
      const entries = await Promise.all(
        Object.entries(fields).map(async ([name, value]) => [name, await put(value)] as const),
      );
      return Object.fromEntries(entries);
    },
    async delta(channels, { channel, value }) {
      // A message stays readable in lists; only its content travels by reference.
      const light = channel === MESSAGES_CHANNEL ? await lightenMessage(put, value) : value;
      const stored: Delta = { channel, value: await put(light) };
      const folded = isReplaced(channels, channel) ? stored : { channel, value: light };
      return { stored, folded };
    },
  };
}

async function lightenMessage(put: (value: Json) => Promise<Value>, value: Json): Promise<Json> {
  if (Array.isArray(value)) {
    const messages: readonly Json[] = value;
    return Promise.all(messages.map((message) => lightenMessage(put, message)));
  }
  if (!isJsonObject(value) || value['content'] === undefined) return value;
  return { ...value, content: await put(value['content']) };
}
