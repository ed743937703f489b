/** nDCG of the first `limit` hits, where everything relevant is equally so. */
export function discountedGain(
  hits: readonly string[],
  relevant: ReadonlySet<string>,
  limit: number,
): number {
  const gainAt = (index: number): number => 1 / Math.log2(index + 2);
  const gain = hits
    .slice(0, limit)
    .reduce((sum, id, index) => sum + (relevant.has(id) ? gainAt(index) : 0), 0);
  const ideal = Array.from({ length: Math.min(limit, relevant.size) }, (_, index) => gainAt(index));
  return ideal.length === 0 ? 0 : gain / ideal.reduce((sum, value) => sum + value, 0);
}

/** The share of what is relevant among the first `limit` hits. */
export function recall(
  hits: readonly string[],
  relevant: ReadonlySet<string>,
  limit: number,
): number {
  return hits.slice(0, limit).filter((id) => relevant.has(id)).length / relevant.size;
}
