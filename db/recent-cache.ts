/** Remembers the most recently used values. */
export interface RecentCache<T> {
  /** Loads at most once at a time per key; a failed load is forgotten. */
  get(key: string, load: () => Promise<T>): Promise<T>;
}

/** A cache of that many entries, for values that never change. */
export function createRecentCache<T>(maxEntries: number): RecentCache<T> {
  const entries = new Map<string, Promise<T>>();
  return {
    get: (key, load) => {
      const known = entries.get(key);
      const entry = known ?? load();
      // Moved to the end: the first entry is the one unused for longest.
      entries.delete(key);
      entries.set(key, entry);
      if (known === undefined) {
        entry.catch(() => entries.delete(key));
        const oldest = entries.keys().next();
        if (entries.size > maxEntries && oldest.done !== true) entries.delete(oldest.value);
      }
      return entry;
    },
  };
}
