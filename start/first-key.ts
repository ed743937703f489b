import type { Installation } from '../runtime/compose.ts';
import { keepSecret, readSecret } from './state-folder.ts';
import type { StateFolder } from './state-folder.ts';

const WORKSPACE = 'default';
const KEY_FILE = 'api-key';

/**
 * The API key that this machine's owner begins with, kept in the state folder: made for the first
 * workspace at the first start. Null when somebody else's workspaces are in the database already.
 */
export async function ensureFirstKey(
  installation: Pick<Installation, 'workspaces' | 'apiKeys'>,
  folder: StateFolder,
  database: 'ours' | 'given',
): Promise<string | null> {
  const kept = readSecret(folder, KEY_FILE);
  if (kept !== undefined && (await installation.apiKeys.find(kept)) !== null) return kept;
  const [first] = await installation.workspaces.list();
  if (first !== undefined && database === 'given') return null;
  const workspace = first ?? (await installation.workspaces.create({ name: WORKSPACE }));
  const made = await installation.apiKeys.create(workspace.id, {
    name: 'first key',
    role: 'admin',
  });
  return keepSecret(folder, KEY_FILE, made.key);
}
