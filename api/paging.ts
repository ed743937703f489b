import type { PageQuery } from '../contracts/query.schema.ts';
import type { PageRequest } from '../db/stores/page.ts';

const DEFAULT_LIMIT = 50;

/** The page that a query asks for. */
export function toPageRequest(query: PageQuery): PageRequest {
  const limit = query.limit ?? DEFAULT_LIMIT;
  return query.cursor === undefined ? { limit } : { limit, cursor: query.cursor };
}
