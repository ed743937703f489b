import { withRoom } from '../in-process/growable.ts';
import type { IndexEntry } from '../port.ts';

/** Two places before, one before, one behind, two behind. */
const OFFSETS = [-2, -1, 1, 2] as const;
/** Neighbours per slot. */
export const NEIGHBOURS = OFFSETS.length;
const SESSION_OVERHEAD_BYTES = 400;

interface Session {
  readonly id: string;
  readonly number: number;
  readonly slotAt: Map<number, number>;
  entries: number;
}

/** Which entries stand beside each other, as slots; kept ready, for a search asks it thousands of times. */
export class SessionLinks {
  readonly #byId = new Map<string, Session>();
  readonly #byNumber: (Session | undefined)[] = [];
  readonly #free: number[] = [];
  #positions = new Int32Array(0);
  /** `NEIGHBOURS` slots for each slot, -1 where there is none. */
  neighbours = new Int32Array(0);
  /** The session's number for each slot, -1 for none. */
  sessionOf = new Int32Array(0);
  /** Terms of each session, by its number. */
  lengths = new Int32Array(0);
  /** Terms of all sessions. */
  totalLength = 0;

  /** Sessions with entries. */
  get sessions(): number {
    return this.#byId.size;
  }

  /** All numbers given out are below this. */
  get numbers(): number {
    return this.#byNumber.length;
  }

  add(slot: number, place: IndexEntry['session'], length: number): void {
    this.neighbours = withRoom(this.neighbours, NEIGHBOURS * (slot + 1), -1);
    this.sessionOf = withRoom(this.sessionOf, slot + 1, -1);
    this.#positions = withRoom(this.#positions, slot + 1);
    if (place === null) return;
    const session = this.#byId.get(place.id) ?? this.#open(place.id);
    session.entries += 1;
    session.slotAt.set(place.position, slot);
    this.sessionOf[slot] = session.number;
    this.#positions[slot] = place.position;
    this.lengths[session.number] = (this.lengths[session.number] ?? 0) + length;
    this.totalLength += length;
    for (const [index, offset] of OFFSETS.entries()) {
      const other = session.slotAt.get(place.position + offset);
      if (other === undefined) continue;
      this.neighbours[NEIGHBOURS * slot + index] = other;
      this.neighbours[NEIGHBOURS * other + NEIGHBOURS - 1 - index] = slot;
    }
  }

  /** Links to it stay: no mask lets a removed slot through, and none is used twice. */
  remove(slot: number, length: number): void {
    const session = this.#byNumber[this.sessionOf[slot] ?? -1];
    if (session === undefined) return;
    const position = this.#positions[slot] ?? 0;
    this.lengths[session.number] = (this.lengths[session.number] ?? 0) - length;
    this.totalLength -= length;
    session.entries -= 1;
    if (session.slotAt.get(position) === slot) session.slotAt.delete(position);
    if (session.entries === 0) this.#close(session);
  }

  /** The place of a slot, as it was given. */
  place(slot: number): IndexEntry['session'] {
    const session = this.#byNumber[this.sessionOf[slot] ?? -1];
    return session === undefined ? null : { id: session.id, position: this.#positions[slot] ?? 0 };
  }

  get bytes(): number {
    const { neighbours, sessionOf, lengths } = this;
    const columns = [neighbours, sessionOf, lengths, this.#positions];
    const typed = columns.reduce((sum, column) => sum + column.byteLength, 0);
    return typed + this.#byId.size * SESSION_OVERHEAD_BYTES;
  }

  #open(id: string): Session {
    const number = this.#free.pop() ?? this.#byNumber.length;
    const session: Session = { id, number, slotAt: new Map(), entries: 0 };
    this.lengths = withRoom(this.lengths, number + 1);
    this.lengths[number] = 0;
    this.#byNumber[number] = session;
    this.#byId.set(id, session);
    return session;
  }

  #close({ id, number }: Session): void {
    this.#byId.delete(id);
    this.#byNumber[number] = undefined;
    this.#free.push(number);
  }
}
