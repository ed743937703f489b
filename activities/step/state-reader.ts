import { createLru } from '../../engine/lru.ts';
import { foldDeltas, initialState, type Channels } from '../../engine/fold.ts';
import { forkKey, depthOf, nextKey, pathOf, visibleRanges } from '../../engine/order-key.ts';
import { runKey } from './run-library.ts';
import type { Delta } from '../../contracts/step.ts';
import type { Journal, KeyRange, RunRef, StepDeltas } from '../../contracts/journal.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';

const PATHS = 200;

/** A place in a run's order, and the channels that its graph declares. */
export interface Place {
  readonly ref: RunRef;
  readonly epoch: number;
  readonly key: string;
  readonly channels: Channels;
}

/** State at a place. Channels that are replaced may hold references. */
export interface StateBefore {
  readonly state: JsonObject;
  /** Steps folded since the last snapshot. */
  readonly sinceSnapshot: number;
}

interface Known extends StateBefore {
  /** The step behind which the state stands. */
  readonly key: string;
  /** False: more may be written below the step, by its branches or calls. */
  readonly closed: boolean;
}

/** Sorts behind every key. */
const LAST: KeyRange = { after: '', upTo: '~' };

/**
 * Folds the state that a step sees. What this process folded for the step before is kept, so that
 * consecutive steps read only what is new, and nothing if nobody else wrote in between.
 */
export class StateReader {
  readonly #journal: Journal;
  readonly #known = createLru<Known>(PATHS);

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** The state that the step at the place sees. */
  async before(place: Place): Promise<StateBefore> {
    const ranges = visibleRanges(place.key);
    if (ranges.length === 0) return { state: initialState(place.channels), sinceSnapshot: 0 };
    const known = this.#nearest(place);
    if (known === null) return this.#fold(place, ranges, null);
    if (known.closed) return known;
    const last = ranges.at(-1);
    if (last === undefined) return known;
    return this.#fold(place, [{ after: known.key, upTo: last.upTo }], known);
  }

  /** The state behind all steps of the run. */
  async atEnd(place: Omit<Place, 'key'>, own: StepDeltas | null): Promise<JsonObject> {
    const { ref, epoch, channels } = place;
    const found = await this.#journal.loadDeltas(ref, epoch, [LAST]);
    const others = found.steps.filter(({ key }) => key !== own?.key);
    const steps = own === null ? others : [...others, own].sort((a, b) => (a.key < b.key ? -1 : 1));
    const base =
      found.snapshot === null
        ? initialState(channels)
        : await this.#opened(place, found.snapshot.state);
    return this.#apply(place, base, steps);
  }

  /** Keeps the state behind a step that this process has committed. */
  remember(place: Place, after: StateBefore & { readonly closed: boolean }): void {
    this.#known.set(pathKey(place, pathOf(place.key)), { ...after, key: place.key });
  }

  /** What is known of an earlier step on the same path, or of the fork at a branch's beginning. */
  #nearest(place: Place): Known | null {
    const { key } = place;
    const path = pathOf(key);
    const same = this.#known.get(pathKey(place, path));
    if (same !== undefined && same.key < key) {
      return { ...same, closed: same.closed && nextKey(same.key) === key };
    }
    const depth = depthOf(key);
    if (depth === 0 || visibleRanges(key).length !== depth) return null;
    const fork = forkKey(key, depth - 1);
    const parent = this.#known.get(pathKey(place, pathOf(fork)));
    // The first step of a branch sees what its fork left, and nothing of its siblings.
    return parent?.key === fork ? { ...parent, closed: true } : null;
  }

  async #fold(
    place: Place,
    ranges: readonly KeyRange[],
    known: Known | null,
  ): Promise<StateBefore> {
    const { ref, epoch, channels } = place;
    const { snapshot, steps } = await this.#journal.loadDeltas(ref, epoch, ranges);
    const base =
      snapshot === null
        ? (known?.state ?? initialState(channels))
        : await this.#opened(place, snapshot.state);
    const folded = snapshot === null ? (known?.sinceSnapshot ?? 0) : 0;
    return {
      state: await this.#apply(place, base, steps),
      sinceSnapshot: folded + steps.length,
    };
  }

  /** A snapshot whose lists and objects are values again: writes add to them. */
  async #opened({ ref, channels }: Omit<Place, 'key'>, state: JsonObject): Promise<JsonObject> {
    const opened: Record<string, Json> = {};
    for (const [channel, value] of Object.entries(state)) {
      opened[channel] = isReplaced(channels, channel) ? value : await this.#value(ref, value);
    }
    return opened;
  }

  async #apply(
    { ref, channels }: Omit<Place, 'key'>,
    base: JsonObject,
    steps: readonly StepDeltas[],
  ): Promise<JsonObject> {
    const deltas: Delta[] = [];
    for (const step of steps) {
      for (const { channel, value } of step.deltas) {
        const kept = isReplaced(channels, channel) ? value : await this.#value(ref, value);
        deltas.push({ channel, value: kept });
      }
    }
    return foldDeltas(channels, base, deltas);
  }

  async #value(ref: RunRef, value: Json): Promise<Json> {
    return this.#journal.getValue(ref.workspaceId, value);
  }
}

/** True for channels whose values are put in place and hence may stay references. */
export function isReplaced(channels: Channels, name: string): boolean {
  return Object.hasOwn(channels, name) && channels[name]?.reducer === 'replace';
}

function pathKey(place: Place, path: string): string {
  return `${runKey(place.ref)}/${place.epoch}/${path}`;
}
