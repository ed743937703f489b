/** A cache that forgets what was not asked for longest. */
export interface Lru<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
}

/** A cache of at most so many entries. */
export function createLru<T>(maxEntries: number): Lru<T> {
  const entries = new Map<string, T>();
  return {
    get: (key) => {
      const value = entries.get(key);
      if (value === undefined) return undefined;
      // A map keeps the order in which keys came: the first one is the oldest.
      entries.delete(key);
      entries.set(key, value);
      return value;
    },
    set: (key, value) => {
      entries.delete(key);
      entries.set(key, value);
      const oldest = entries.keys().next();
      if (entries.size > maxEntries && oldest.done !== true) entries.delete(oldest.value);
    },
  };
}
