import { z } from 'zod';
import { LIMITS } from './limits.ts';

/** A whole number in a query string. */
export function integerParameter(min: number, max: number) {
  return z
    .string()
    .regex(/^\d{1,16}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().int().min(min).max(max));
}

/** A time in a query string: ISO 8601 with an offset or `Z`. */
export const timeParameter = z.iso.datetime({ offset: true });

/** `limit` and `cursor` of every list. */
export const pageQueryShape = {
  limit: integerParameter(1, LIMITS.pageSize).optional(),
  cursor: z.string().min(1).max(500).optional(),
};

/** Query of a list without filters. */
export const pageQuerySchema = z.strictObject(pageQueryShape);

/** Query of a list. */
export type PageQuery = z.infer<typeof pageQuerySchema>;

/** A page of a list; `nextCursor` is null on the last one. */
export function pageSchema<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

/** A page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}
