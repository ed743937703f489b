import type { Pool, QueryConfig, QueryResultRow } from 'pg';
import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import { toReachError } from './storage-error.ts';

/** Runs a prepared statement and answers with its rows. */
export type Query = <Row extends QueryResultRow>(
  config: QueryConfig<unknown[]>,
) => Promise<readonly Row[]>;

/** Statements on any connection of the pool, with the care of `storingPool`. */
export function createQuery(pool: Pool): Query {
  return async <Row extends QueryResultRow>(config: QueryConfig<unknown[]>) => {
    const values = config.values?.map(withoutNul) ?? [];
    const { rows } = await pool.query<Row>({ ...config, values }).catch(failReachable);
    return rows;
  };
}

/**
 * The pool with NUL replaced in texts, because `text` columns refuse it and so do comparisons with
 * them; a lost connection is `service.unavailable`.
 */
export function storingPool(pool: PostgresPool): PostgresPool {
  return {
    connect: async () => new StoringClient(await pool.connect().catch(failReachable)),
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
    return this.#client.query<R>(query, parameters.map(withoutNul)).catch(failReachable);
  }

  release(): void {
    this.#client.release();
  }
}

function failReachable(error: unknown): never {
  throw toReachError(error);
}

/** The parameter as the database can hold it. */
function withoutNul(parameter: unknown): unknown {
  return typeof parameter === 'string' && parameter.includes('\0')
    ? parameter.replaceAll('\0', '\uFFFD')
    : parameter;
}
