import type { Page, PageQuery } from '../contracts/query.schema.ts';
import type { Transport } from './transport.ts';

/** A list that is fetched as it is read: `for await` gives every item, page after page. */
export interface Paged<T> extends AsyncIterable<T> {
  /** One page: the first, or the one that the query's cursor names. */
  page(): Promise<Page<T>>;
}

/** What narrows a list. */
export interface ListRequest {
  readonly path: string;
  readonly query: PageQuery & Readonly<Record<string, string | number | undefined>>;
}

/** The list behind a path. */
export function createPaged<T>(transport: Transport, { path, query }: ListRequest): Paged<T> {
  const fetchPage = (cursor: string | undefined): Promise<Page<T>> =>
    transport.json<Page<T>>({
      method: 'GET',
      path,
      query: { ...query, cursor },
    });

  return {
    page: () => fetchPage(query.cursor),
    async *[Symbol.asyncIterator]() {
      let cursor: string | null | undefined = query.cursor;
      do {
        const page: Page<T> = await fetchPage(cursor);
        yield* page.items;
        cursor = page.nextCursor;
      } while (cursor !== null);
    },
  };
}
