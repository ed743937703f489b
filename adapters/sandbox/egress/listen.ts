import { chmod, lstat, mkdtemp, rename, rm, unlink } from 'node:fs/promises';
import { createServer, type ListenOptions, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { AppError } from '../../../contracts/app-error.ts';

/**
 * Lets the server listen on a Unix socket in a folder that belongs to somebody else. The socket is
 * made where the folder's owner cannot reach and moved there whole: a link planted at its path is
 * replaced, never followed. Answers with what removes the socket again, unless another replaced it.
 */
export async function listenInForeignFolder(
  server: Server,
  socketPath: string,
): Promise<() => Promise<void>> {
  const staging = await mkdtemp(join(dirname(dirname(socketPath)), '.e'));
  const temporary = join(staging, 's');
  try {
    await listen(server, { path: temporary });
    // The folder around it decides who gets here.
    await chmod(temporary, 0o666);
    const { ino, dev } = await lstat(temporary);
    await rename(temporary, socketPath);
    return async () => {
      const found = await lstat(socketPath).catch(() => null);
      if (found?.ino === ino && found.dev === dev) await unlink(socketPath).catch(() => {});
    };
  } catch (cause) {
    server.close();
    throw new AppError('sandbox.unavailable', 'the network socket cannot be made', { cause });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** An address of this machine. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Lets the server listen at an address of its own. */
export async function listenAtAddress(
  server: Server,
  { host, port }: ListenAddress,
): Promise<() => Promise<void>> {
  try {
    await listen(server, { host, port, exclusive: true });
    return async () => {};
  } catch (cause) {
    const message = `the proxy cannot listen at ${host}:${port}; another process may hold it`;
    throw new AppError('sandbox.unavailable', message, { cause });
  }
}

/** Whether some process listens there, or nobody can. */
export async function isTaken(address: ListenAddress): Promise<boolean> {
  const server = createServer();
  try {
    await listen(server, { ...address, exclusive: true });
    return false;
  } catch {
    return true;
  } finally {
    server.close();
  }
}

function listen(server: Server, where: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
