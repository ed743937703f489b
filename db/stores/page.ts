/** Which page of a list is asked for; `cursor` comes from the page before. */
export interface PageRequest {
  readonly cursor?: string;
  /** At most `LIMITS.pageSize`. */
  readonly limit: number;
}

/** A page of a list; `nextCursor` is null on the last one. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}
