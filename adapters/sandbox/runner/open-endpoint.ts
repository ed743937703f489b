import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { AppError } from '../../../contracts/app-error.ts';

/** Linux's O_PATH, which Node does not name: a handle to the place itself, whatever is there. */
const O_PATH = 0o10000000;

/**
 * Connects to a socket in a folder that belongs to the sandbox's user. What is there is looked at
 * and connected to through one handle: a link planted in its place is refused, not followed to a
 * socket of the host.
 */
export async function openSocket(path: string): Promise<Socket> {
  if (process.platform !== 'linux') {
    requireSocket((await lstat(path)).isSocket());
    return connected(path);
  }
  const handle = await open(path, O_PATH | constants.O_NOFOLLOW);
  try {
    requireSocket((await handle.stat()).isSocket());
    return await connected(`/proc/self/fd/${handle.fd}`);
  } finally {
    await handle.close();
  }
}

function requireSocket(isSocket: boolean): void {
  if (!isSocket) {
    throw new AppError('sandbox.unavailable', 'what lies in place of the runner is no socket');
  }
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
