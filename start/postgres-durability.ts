import { Client } from 'pg';
import { AppError } from '../contracts/app-error.ts';

const REQUIRED = ['fsync', 'full_page_writes', 'synchronous_commit'] as const;
const WEAK_VALUES = new Set(['off', 'local']);
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Connects to the database and lists the settings that would let it forget acknowledged work, each
 * as a sentence. Throws when the database cannot be reached.
 */
export async function checkDurability(databaseUrl: string): Promise<readonly string[]> {
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ name: string; setting: string }>(
      'select name, setting from pg_settings where name = any($1)',
      [REQUIRED],
    );
    return rows
      .filter(({ setting }) => WEAK_VALUES.has(setting))
      .map(
        ({ name, setting }) => `${name} is ${setting}: a crash can lose runs that were accepted`,
      );
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const sentence = `The database of DATABASE_URL cannot be used: ${reason}.`;
    throw new AppError('service.unavailable', sentence, { cause });
  } finally {
    await client.end().catch(() => undefined);
  }
}
