import { withRoom } from '../in-process/growable.ts';
import type { AttributeValue } from '../port.ts';

type Attributes = Readonly<Record<string, AttributeValue>>;

/** One attribute of all slots. Equal values share a code, so that a condition is asked once for each. */
class Column {
  readonly #codeOf = new Map<string, number>();
  readonly #free: number[] = [];
  /** The value of each code; code 0 is the missing value. */
  readonly values: (AttributeValue | undefined)[] = [undefined];
  readonly #uses: number[] = [0];
  codes = new Int32Array(0);

  set(slot: number, value: AttributeValue): void {
    const key = JSON.stringify(value);
    const code = this.#codeOf.get(key) ?? this.#free.pop() ?? this.values.length;
    if (!this.#codeOf.has(key)) {
      this.#codeOf.set(key, code);
      this.values[code] = value;
      this.#uses[code] = 0;
    }
    this.#uses[code] = (this.#uses[code] ?? 0) + 1;
    this.codes = withRoom(this.codes, slot + 1);
    this.codes[slot] = code;
  }

  clear(slot: number): void {
    const code = this.codes[slot] ?? 0;
    if (code === 0) return;
    this.codes[slot] = 0;
    const uses = (this.#uses[code] ?? 0) - 1;
    this.#uses[code] = uses;
    if (uses > 0) return;
    this.#codeOf.delete(JSON.stringify(this.values[code]));
    this.values[code] = undefined;
    this.#free.push(code);
  }

  get bytes(): number {
    return this.codes.byteLength + this.#codeOf.size * 150;
  }
}

/** Attributes by slot, column by column. */
export class AttributeTable {
  readonly #columns = new Map<string, Column>();

  set(slot: number, attributes: Attributes): void {
    for (const [field, value] of Object.entries(attributes)) {
      let column = this.#columns.get(field);
      if (column === undefined) {
        column = new Column();
        this.#columns.set(field, column);
      }
      column.set(slot, value);
    }
  }

  clear(slot: number): void {
    for (const column of this.#columns.values()) column.clear(slot);
  }

  get(slot: number): Attributes {
    const found = [...this.#columns].flatMap(([field, { values, codes }]) => {
      const value = values[codes[slot] ?? 0];
      return value === undefined ? [] : [[field, value] as const];
    });
    return Object.fromEntries(found);
  }

  /** 1 for each of the first `slots` slots whose value, `undefined` if missing, passes. */
  select(
    field: string,
    slots: number,
    passes: (value: AttributeValue | undefined) => boolean,
  ): Uint8Array {
    const column = this.#columns.get(field);
    const selected = new Uint8Array(slots);
    if (column === undefined) return passes(undefined) ? selected.fill(1) : selected;
    const verdicts = Uint8Array.from(column.values, (value) => (passes(value) ? 1 : 0));
    const { codes } = column;
    for (let slot = 0; slot < slots; slot += 1) selected[slot] = verdicts[codes[slot] ?? 0] ?? 0;
    return selected;
  }

  get bytes(): number {
    return [...this.#columns.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
