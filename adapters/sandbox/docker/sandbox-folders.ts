import { randomUUID } from 'node:crypto';
import {
  chmod,
  chown,
  link,
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import type { NetworkPolicy, SandboxImage, SandboxLimits } from '../../../contracts/sandbox.ts';
import type { SandboxDeath } from '../port.ts';

/**
 * How a sandbox meets its host: through sockets in a folder that both see, or through the standard
 * streams of its first process and, if it may reach anything, a network of its own.
 */
export type SandboxTransport = 'socket' | 'attach';

/** Name of the runner's socket in a sandbox's folder. */
export const RUNNER_SOCKET = 'runner.sock';
/** Name of the proxy's socket in a sandbox's folder. */
export const EGRESS_SOCKET = 'egress.sock';

/** What is known about a sandbox on its host, kept outside the folder that the sandbox sees. */
export interface SandboxRecord {
  /** Of its container and its folder. */
  readonly key: string;
  /** Its caller's; the key until a sandbox of a pool is claimed. */
  readonly id: string;
  readonly workspaceId: string;
  readonly runId: string | null;
  readonly image: SandboxImage;
  readonly limits: SandboxLimits;
  readonly network: NetworkPolicy;
  /** `socket` where there is none. */
  readonly transport?: SandboxTransport;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly maxExpiresAt: string;
  /** Set when it has died, so that every process learns the reason. */
  readonly death?: SandboxDeath;
}

/** Folders and records of one machine's sandboxes, by key. */
export interface SandboxFolders {
  readonly root: string;
  /** The key that belongs to a caller's id; the first one that takes it has it. */
  take(id: string, key: string): Promise<string>;
  keyOf(id: string): Promise<string | undefined>;
  pathOf(key: string): string;
  /** Makes the folder that a sandbox sees, empty, writable by its user. */
  open(key: string): Promise<string>;
  /** Takes the right to write from the sandbox: what it put there would be on the host's disk. */
  lock(key: string): Promise<void>;
  read(key: string): Promise<SandboxRecord | undefined>;
  write(record: SandboxRecord): Promise<void>;
  /** Notes how it died, unless that is known, and answers with what is on record. */
  bury(key: string, death: SandboxDeath): Promise<SandboxDeath>;
  /** Removes the folder; the record stays, as a tombstone. */
  removeFolder(key: string): Promise<void>;
  /** Leaves nothing, not even that it ever was. */
  forget(key: string, id: string): Promise<void>;
  /** Keys with a folder or a record. */
  keys(): Promise<readonly string[]>;
  /** Removes what killed processes left half done before that time; answers with how much it was. */
  sweep(untilMs: number): Promise<number>;
}

/** Name of the file with the transport that was found to work; what it says is not for ever. */
export const MEMORY = 'transport';

const RECORD = '.json';
const ALIAS = '.id';
const DRAFT = '.tmp';
/** Of a Unix socket's path, the end of the text included. */
const MAX_SOCKET_PATH = 107;
const LONGEST_NAME = `/${'x'.repeat(40)}/runner.sock`;

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Gives the folder to the sandbox's user; without that right, only the closed root protects it. */
async function give(folder: string, uid: number): Promise<void> {
  try {
    await chown(folder, uid, uid);
    await chmod(folder, 0o700);
  } catch {
    await chmod(folder, 0o777);
  }
}

/** Writes a file that nobody wrote before; answers with its text, ours or theirs. */
async function takeOnce(file: string, text: string): Promise<string> {
  const draft = `${file}.${randomUUID()}${DRAFT}`;
  await writeFile(draft, text, { mode: 0o600 });
  try {
    // A link is there with all its text, or not at all.
    await link(draft, file);
    return text;
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    return (await readText(file)) ?? text;
  } finally {
    await rm(draft, { force: true });
  }
}

async function keysIn(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { withFileTypes: true });
  const keys = entries.flatMap((entry) => {
    if (entry.isDirectory()) return entry.name.startsWith('.') ? [] : [entry.name];
    return entry.name.endsWith(RECORD) ? [entry.name.slice(0, -RECORD.length)] : [];
  });
  return [...new Set(keys)];
}

/** Ids whose sandbox was never made, old findings, drafts of records, and places where sockets were made. */
async function isStray(root: string, name: string): Promise<boolean> {
  if (name.endsWith(DRAFT) || name.startsWith('.') || name === MEMORY) return true;
  if (!name.endsWith(ALIAS)) return false;
  const key = await readText(path.join(root, name));
  return key === undefined || (await readText(path.join(root, key + RECORD))) === undefined;
}

async function sweepStrays(root: string, untilMs: number): Promise<number> {
  let removed = 0;
  for (const name of await readdir(root)) {
    const file = path.join(root, name);
    const found = await stat(file).catch(() => undefined);
    if (found === undefined || found.mtimeMs > untilMs || !(await isStray(root, name))) continue;
    await rm(file, { recursive: true, force: true });
    removed += 1;
  }
  return removed;
}

/** The socket's path has to fit into the kernel's structure. */
function checkLength(root: string): void {
  if (Buffer.byteLength(root + LONGEST_NAME) <= MAX_SOCKET_PATH) return;
  const most = MAX_SOCKET_PATH - LONGEST_NAME.length;
  throw new RangeError(`The path of the sandboxes' folder may have ${most} bytes: ${root}`);
}

/** Opens the folder below which a machine's sandboxes meet their host; `uid` is theirs, out here. */
export async function openSandboxFolders(root: string, uid: number): Promise<SandboxFolders> {
  checkLength(root);
  // Who may pass through what is above is for the folder itself to decide.
  await mkdir(path.dirname(root), { recursive: true, mode: 0o711 });
  await mkdir(root, { recursive: true, mode: 0o700 });
  const pathOf = (key: string): string => path.join(root, key);
  const recordOf = (key: string): string => path.join(root, key + RECORD);
  const aliasOf = (id: string): string => path.join(root, id + ALIAS);

  const read = async (key: string): Promise<SandboxRecord | undefined> => {
    const text = await readText(recordOf(key));
    // Only this module writes below a root that is closed to others.
    return text === undefined ? undefined : (JSON.parse(text) as SandboxRecord);
  };
  const write = async (record: SandboxRecord): Promise<void> => {
    const draft = `${recordOf(record.key)}.${randomUUID()}${DRAFT}`;
    await writeFile(draft, JSON.stringify(record), { mode: 0o600 });
    await rename(draft, recordOf(record.key));
  };
  return {
    root,
    pathOf,
    read,
    write,
    keyOf: (id) => readText(aliasOf(id)),
    take: (id, key) => takeOnce(aliasOf(id), key),
    open: async (key) => {
      const folder = pathOf(key);
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { mode: 0o700 });
      await give(folder, uid);
      return folder;
    },
    lock: async (key) => {
      if (process.getuid?.() !== 0) return;
      await chown(pathOf(key), 0, 0);
      await chmod(pathOf(key), 0o711);
    },
    bury: async (key, death) => {
      const record = await read(key);
      if (record?.death !== undefined) return record.death;
      if (record !== undefined) await write({ ...record, death });
      return death;
    },
    removeFolder: (key) => rm(pathOf(key), { recursive: true, force: true }),
    forget: async (key, id) => {
      await rm(pathOf(key), { recursive: true, force: true });
      await rm(aliasOf(id), { force: true });
      await rm(recordOf(key), { force: true });
    },
    keys: () => keysIn(root),
    sweep: (untilMs) => sweepStrays(root, untilMs),
  };
}
