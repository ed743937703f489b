import { runCommand } from '../server/run-command.ts';
import type { StoreDatabases, StoreLogin } from './server-config.ts';

const DEADLINE_MS = 120_000;

/** Creates Temporal's databases if they are missing and brings their schemas up to date. */
export async function prepareStore(
  sqlTool: string,
  store: StoreLogin,
  databases: StoreDatabases,
): Promise<void> {
  await prepareDatabase(sqlTool, store, { name: databases.main, schema: 'temporal' });
  await prepareDatabase(sqlTool, store, { name: databases.visibility, schema: 'visibility' });
}

async function prepareDatabase(
  sqlTool: string,
  store: StoreLogin,
  database: { readonly name: string; readonly schema: string },
): Promise<void> {
  const login = [
    ...['--plugin', 'postgres12', '--ep', store.host, '-p', String(store.port)],
    ...['-u', store.user, '--pw', store.password, '--db', database.name],
  ];
  const run = (...args: readonly string[]): Promise<string> =>
    runCommand({ command: sqlTool, args: [...login, ...args], deadlineMs: DEADLINE_MS });
  await run('create-database');
  await run('setup-schema', '-v', '0.0');
  await run('update-schema', '--schema-name', `postgresql/v12/${database.schema}`);
}
