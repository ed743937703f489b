import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { AppError } from '../contracts/app-error.ts';
import type { ServerProcess } from '../temporal/server/server-process.ts';
import { POSTGRES_NAME } from './postgres-cluster.ts';

/** How to get into a server that has just been started. */
export interface PostgresLogin {
  readonly port: number;
  readonly password: string;
  readonly log: (line: string) => void;
}

const POLL_MS = 50;
const SAY_EVERY_MS = 10_000;
const CONNECT_TIMEOUT_MS = 2_000;
/** Replaying a long log after a power cut takes its time; a server that ends is noticed at once. */
const DEADLINE_MS = 180_000;

/** Waits until the server takes queries, then creates our database if it is missing. */
export async function waitForPostgres(server: ServerProcess, login: PostgresLogin): Promise<void> {
  const startedAt = Date.now();
  let saidAt = startedAt;
  let problem = await tryOnce(login);
  while (problem !== undefined) {
    if (!server.isRunning()) {
      throw failure(server, `PostgreSQL ended while starting (${await server.exited}).`);
    }
    if (Date.now() - startedAt > DEADLINE_MS) {
      throw failure(server, `PostgreSQL takes no queries after 180 s: ${problem}.`);
    }
    if (Date.now() - saidAt > SAY_EVERY_MS) {
      login.log(`PostgreSQL: still starting (${problem})`);
      saidAt = Date.now();
    }
    await sleep(POLL_MS);
    problem = await tryOnce(login);
  }
}

function failure(server: ServerProcess, sentence: string): AppError {
  const words = `Its last words:\n${server.lastWords()}`;
  return new AppError('service.unavailable', `${sentence} ${words}`);
}

async function tryOnce(login: PostgresLogin): Promise<string | undefined> {
  const client = new Client({
    host: '127.0.0.1',
    port: login.port,
    user: POSTGRES_NAME,
    password: login.password,
    database: 'postgres',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const found = await client.query('select from pg_database where datname = $1', [POSTGRES_NAME]);
    if (found.rowCount === 0) await client.query(`create database ${POSTGRES_NAME}`);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}
