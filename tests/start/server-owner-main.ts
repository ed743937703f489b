/** A process that owns a server and waits to be killed: postgres|temporal FOLDER BINARY NAMESPACE. */
import { startPostgres } from '../../start/embedded-postgres.ts';
import { startTemporalServer } from '../../start/temporal-server.ts';

const [what, folder = '', binary = '', namespace = ''] = process.argv.slice(2);
const log = (line: string): void => void process.stdout.write(`${line}\n`);

if (what === 'postgres') await startPostgres({ dataDir: folder, port: 55_400, log });
else await startTemporalServer({ binary, stateDir: folder, namespace, log });
log('owned server is ready');
