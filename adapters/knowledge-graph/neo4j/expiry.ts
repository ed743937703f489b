/** When one version of a fact was known. */
export interface KnownVersion {
  readonly id: string;
  readonly version: number;
  readonly recordedAt: number;
  readonly expiredAt: number | null;
}

/**
 * The versions whose time of being known ends earlier than they say: a later version of the same fact
 * is known from before that. The earliest end counts, so the order of arrival does not.
 */
export function earlierEnds(versions: readonly KnownVersion[]): readonly KnownVersion[] {
  const byFact = Map.groupBy(versions, ({ id }) => id);
  return [...byFact.values()].flatMap((ofFact) => {
    let next = Infinity;
    const newestFirst = ofFact.toSorted((a, b) => b.version - a.version);
    return newestFirst.flatMap((known) => {
      const end = Math.min(known.expiredAt ?? Infinity, next);
      next = Math.min(next, known.recordedAt);
      return end === (known.expiredAt ?? Infinity) ? [] : [{ ...known, expiredAt: end }];
    });
  });
}
