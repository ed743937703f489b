import { AppError } from '../../../contracts/app-error.ts';
import type { AttributeTable } from './attribute-table.ts';
import type { AttributeValue, IndexFilter } from '../port.ts';

const MAX_DEPTH = 8;
const MAX_CONDITIONS = 256;

/** Refuses a filter that is too deep or too wide to be asked of every entry. */
export function checkFilter(filter: IndexFilter): void {
  if (countConditions(filter, 1) > MAX_CONDITIONS) {
    throw new AppError('memory.invalid', `a filter has ${MAX_CONDITIONS} parts at most`);
  }
}

function countConditions(filter: IndexFilter, depth: number): number {
  if (depth > MAX_DEPTH) {
    throw new AppError('memory.invalid', `a filter is nested ${MAX_DEPTH} deep at most`);
  }
  return partsOf(filter).reduce((sum, part) => sum + countConditions(part, depth + 1), 1);
}

function partsOf(filter: IndexFilter): readonly IndexFilter[] {
  if ('all' in filter) return filter.all;
  if ('any' in filter) return filter.any;
  return 'not' in filter ? [filter.not] : [];
}

/** 1 for each of the first `slots` slots that the filter lets through. */
export function selectSlots(
  filter: IndexFilter,
  attributes: AttributeTable,
  slots: number,
): Uint8Array {
  if ('field' in filter) {
    return attributes.select(filter.field, slots, (value) => passes(value, filter));
  }
  const masks = partsOf(filter).map((part) => selectSlots(part, attributes, slots));
  if ('not' in filter) return (masks[0] ?? new Uint8Array(slots)).map((bit) => 1 - bit);
  const needed = 'all' in filter ? masks.length : 1;
  const selected = new Uint8Array(slots);
  for (let slot = 0; slot < slots; slot += 1) {
    let count = 0;
    for (const mask of masks) count += mask[slot] ?? 0;
    selected[slot] = count >= needed ? 1 : 0;
  }
  return selected;
}

function passes(
  value: AttributeValue | undefined,
  condition: Extract<IndexFilter, { readonly field: string }>,
): boolean {
  if (value === undefined) return false;
  if ('in' in condition) {
    const wanted: readonly AttributeValue[] = condition.in;
    return typeof value === 'object'
      ? value.some((member) => wanted.includes(member))
      : wanted.includes(value);
  }
  const { atLeast = -Infinity, below = Infinity } = condition;
  return typeof value === 'number' && value >= atLeast && value < below;
}
