import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';

/** The pool with NUL replaced in texts: `text` columns refuse it, and so do comparisons with them. */
export function storingPool(pool: PostgresPool): PostgresPool {
  return {
    connect: async () => new StoringClient(await pool.connect()),
    end: () => pool.end(),
  };
}

class StoringClient implements PostgresPoolClient {
  readonly #client: PostgresPoolClient;

  constructor(client: PostgresPoolClient) {
    this.#client = client;
  }

  query<R>(text: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  query<R>(
    query: string | PostgresCursor<R>,
    parameters: readonly unknown[] = [],
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof query !== 'string') return this.#client.query(query);
    return this.#client.query<R>(query, parameters.map(withoutNul));
  }

  release(): void {
    this.#client.release();
  }
}

function withoutNul(parameter: unknown): unknown {
  return typeof parameter === 'string' && parameter.includes('\0')
    ? parameter.replaceAll('\0', '\uFFFD')
    : parameter;
}
