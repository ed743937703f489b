import { createHash } from 'node:crypto';
import { AttributeTable } from '../filter/attribute-table.ts';
import { withRoom } from './growable.ts';
import type { IndexEntry, Retention } from '../port.ts';

const ID_BYTES = 120;
const FINGERPRINT_BYTES = 6;

/** What an index knows of its entries beside their words and vectors, by slot. */
export class EntryTable {
  readonly #slotOf = new Map<string, number>();
  #ids: string[] = [];
  #alive = new Uint8Array(0);
  #versions = new Float64Array(0);
  #fingerprints = new Float64Array(0);
  #lastAccess = new Float64Array(0);
  #stability = new Float64Array(0);
  attributes = new AttributeTable();

  /** Slots given out, removed ones included. */
  get slots(): number {
    return this.#ids.length;
  }

  get count(): number {
    return this.#slotOf.size;
  }

  slotOf(id: string): number | undefined {
    return this.#slotOf.get(id);
  }

  id(slot: number): string {
    return this.#ids[slot] ?? '';
  }

  version(slot: number): number {
    return this.#versions[slot] ?? 0;
  }

  /** 1 for each slot that is in use. */
  get alive(): Uint8Array {
    return this.#alive.subarray(0, this.slots);
  }

  /** Whether the entry would be indexed as it is already. */
  hasSameText(slot: number, entry: IndexEntry): boolean {
    return this.#fingerprints[slot] === fingerprint(entry);
  }

  retention(slot: number): Retention | null {
    const lastAccessAt = this.#lastAccess[slot] ?? Number.NaN;
    const stabilityMs = this.#stability[slot] ?? 0;
    return Number.isNaN(lastAccessAt) ? null : { lastAccessAt, stabilityMs };
  }

  /** Gives the entry a slot behind all others. */
  add(entry: IndexEntry): number {
    const slot = this.slots;
    this.#ids.push(entry.id);
    this.#slotOf.set(entry.id, slot);
    this.#alive = withRoom(this.#alive, slot + 1);
    this.#versions = withRoom(this.#versions, slot + 1);
    this.#fingerprints = withRoom(this.#fingerprints, slot + 1);
    this.#lastAccess = withRoom(this.#lastAccess, slot + 1);
    this.#stability = withRoom(this.#stability, slot + 1);
    this.#alive[slot] = 1;
    this.#fingerprints[slot] = fingerprint(entry);
    this.update(slot, entry);
    return slot;
  }

  /** Takes over what can change while the slot stays. */
  update(slot: number, { version, attributes, retention }: IndexEntry): void {
    this.#versions[slot] = version;
    this.#lastAccess[slot] = retention?.lastAccessAt ?? Number.NaN;
    this.#stability[slot] = retention?.stabilityMs ?? 0;
    this.attributes.clear(slot);
    this.attributes.set(slot, attributes);
  }

  remove(slot: number): void {
    this.#slotOf.delete(this.id(slot));
    this.#ids[slot] = '';
    this.#alive[slot] = 0;
    this.attributes.clear(slot);
  }

  /** Closes the gaps that removed slots left; gives each old slot's new number, -1 for removed ones. */
  compact(): Int32Array {
    const slotOf = new Int32Array(this.slots).fill(-1);
    const ids: string[] = [];
    const attributes = new AttributeTable();
    for (let old = 0; old < slotOf.length; old += 1) {
      if (this.#alive[old] !== 1) continue;
      const slot = ids.length;
      slotOf[old] = slot;
      ids.push(this.id(old));
      this.#slotOf.set(this.id(old), slot);
      attributes.set(slot, this.attributes.get(old));
      for (const column of [
        this.#versions,
        this.#fingerprints,
        this.#lastAccess,
        this.#stability,
      ]) {
        column[slot] = column[old] ?? 0;
      }
    }
    this.#alive.fill(0).fill(1, 0, ids.length);
    this.#ids = ids;
    this.attributes = attributes;
    return slotOf;
  }

  get bytes(): number {
    const perSlot = 4 * Float64Array.BYTES_PER_ELEMENT + 1;
    return this.#alive.length * perSlot + this.slots * ID_BYTES + this.attributes.bytes;
  }
}

/** 48 bits of all that is indexed by words: a new use of an entry changes none of it. */
function fingerprint({ text, session }: IndexEntry): number {
  const hash = createHash('sha1')
    .update(JSON.stringify([text, session]))
    .digest();
  return hash.readUIntBE(0, FINGERPRINT_BYTES);
}
