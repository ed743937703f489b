import { createLogger } from '../runtime/logger.ts';
import { readEnv } from '../runtime/env.ts';
import { serveParent, tellParent } from './serve-parent.ts';
import { startHoldfast, type ProcessRole } from '../start/holdfast-process.ts';
import { toConfig, toSecrets } from '../runtime/config.ts';

/** What this process says when it serves. */
export interface HoldfastReady {
  readonly apiUrl: string | null;
  readonly apiKey: string | null;
}

const ROLES: readonly ProcessRole[] = ['api', 'worker'];

async function main(): Promise<void> {
  const roles = ROLES.filter((role) => process.argv.slice(2).includes(role));
  const env = readEnv();
  const [config, secrets] = [toConfig(env), toSecrets(env)];
  const holdfast = await startHoldfast({
    config,
    secrets,
    roles,
    databaseUrl: secrets.databaseUrl ?? '',
    temporalAddress: config.temporal.address ?? '',
    keyPepper: secrets.keyPepper ?? '',
    cacheDir: env.HOLDFAST_CACHE_DIR ?? '',
    log: createLogger(config.logLevel, 'bench'),
  });
  serveParent(
    async () => undefined,
    () => holdfast.stop(),
  );
  const { workspaces, apiKeys } = holdfast.installation;
  const makeKey = async (): Promise<string> => {
    const workspace = await workspaces.create({ name: 'bench' });
    return (await apiKeys.create(workspace.id, { name: 'bench', role: 'admin' })).key;
  };
  const { apiUrl } = holdfast;
  const ready: HoldfastReady = { apiUrl, apiKey: apiUrl === null ? null : await makeKey() };
  tellParent(ready);
}

await main();
