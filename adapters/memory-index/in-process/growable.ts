const SMALLEST = 64;

/** A capacity with room for `size`, so chosen that growing one by one copies each value rarely. */
export function capacityFor(size: number): number {
  return Math.max(SMALLEST, Math.ceil(size * 1.5));
}

/** The same numbers with room for `size` at least; what is new holds `fill`. */
export function withRoom<T extends Int32Array | Float64Array | Uint8Array>(
  numbers: T,
  size: number,
  fill = 0,
): T {
  if (numbers.length >= size) return numbers;
  // Every kind of typed array makes its own kind.
  const next = new (numbers.constructor as new (length: number) => T)(capacityFor(size));
  next.set(numbers);
  if (fill !== 0) next.fill(fill, numbers.length);
  return next;
}
