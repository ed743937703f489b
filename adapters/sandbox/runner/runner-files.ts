import { AppError } from '../../../contracts/app-error.ts';
import type { ManifestEntry } from '../../../contracts/sandbox.ts';
import type { SandboxFiles } from '../port.ts';
import type { Connector } from './connector.ts';
import { ask, exchange } from './exchange.ts';
import { FRAME } from './frame.ts';
import type { Link } from './link.ts';
import { broken, countOf, isPath, parseObject, toEntries } from './parse.ts';
import { watchFiles } from './watch-files.ts';

const MAX_READ_BYTES = 256 * (1 << 20);
const MAX_ENTRIES = 20_000;
const PIECE_BYTES = 1 << 16;

/** The files of a sandbox, over its runner; every call is repeated when its link is lost. */
export function createRunnerFiles(connector: Connector): SandboxFiles {
  return {
    read: async (path, range) => {
      requirePath(path);
      return connector.run((link) => readFile(link, path, range));
    },
    write: async (path, bytes, mode) => {
      requirePath(path);
      await connector.run((link) => writeFile(link, { path, bytes, mode: mode ?? 0o644 }));
    },
    make: async (entry) => {
      requirePath(entry.path);
      await connector.run((link) => ask(link, { op: 'make', ...entry }, () => null));
    },
    remove: async (path) => {
      if (path !== '') requirePath(path);
      await connector.run((link) => ask(link, { op: 'remove', path }, () => null));
    },
    list: async (path = '') => {
      if (path !== '') requirePath(path);
      return connector.run((link) => listFiles(link, path));
    },
    watch: (path = '') => {
      if (path !== '') requirePath(path);
      return watchFiles(connector, path);
    },
  };
}

function requirePath(path: string): void {
  if (!isPath(path)) {
    throw new AppError(
      'sandbox.bad_path',
      `paths are relative to the workspace, without . and ..: ${path.slice(0, 200)}`,
    );
  }
}

function readFile(
  link: Link,
  path: string,
  range?: { readonly offset: number; readonly length: number },
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const most = range?.length ?? MAX_READ_BYTES;
  let expected: number | null = null;
  let size = 0;
  return exchange<Buffer>(link, { op: 'read', path, ...range }, (step) => {
    const { frame, channel, resolve } = step;
    if (frame.type === FRAME.answer) {
      expected = countOf(parseObject(frame.payload), 'size');
      if (expected > MAX_READ_BYTES) {
        step.reject(
          new AppError('value.too_large', `${path} is larger than 256 MiB: read ranges of it`),
        );
      }
    } else if (frame.type === FRAME.data) {
      size += frame.payload.length;
      if (size > Math.min(most, expected ?? 0)) throw broken('amount of data');
      pieces.push(frame.payload);
      channel.grant(frame.payload.length);
    } else if (frame.type === FRAME.end) {
      resolve(Buffer.concat(pieces, size));
    }
  });
}

function writeFile(
  link: Link,
  file: { readonly path: string; readonly bytes: Uint8Array; readonly mode: number },
): Promise<null> {
  const { bytes, path, mode } = file;
  let sent = 0;
  let credit = 0;
  let ended = false;
  return exchange<null>(link, { op: 'write', path, mode }, ({ frame, channel, resolve }) => {
    if (frame.type === FRAME.result) resolve(null);
    if (frame.type !== FRAME.credit || frame.payload.length !== 4) return;
    credit += frame.payload.readUInt32BE();
    while (sent < bytes.length && credit > 0) {
      const size = Math.min(credit, PIECE_BYTES, bytes.length - sent);
      channel.send(FRAME.data, bytes.subarray(sent, sent + size));
      sent += size;
      credit -= size;
    }
    if (sent < bytes.length || ended) return;
    ended = true;
    channel.send(FRAME.end);
  });
}

function listFiles(link: Link, path: string): Promise<readonly ManifestEntry[]> {
  const entries: ManifestEntry[] = [];
  return exchange<readonly ManifestEntry[]>(
    link,
    { op: 'list', path },
    ({ frame, channel, resolve }) => {
      if (frame.type === FRAME.data) {
        const below = path === '' ? '' : `${path}/`;
        for (const entry of toEntries(frame.payload)) {
          if (!entry.path.startsWith(below)) throw broken('path');
          entries.push(entry);
        }
        if (entries.length > MAX_ENTRIES) throw broken('number of entries');
        channel.grant(frame.payload.length);
      } else if (frame.type === FRAME.end) {
        resolve(entries.sort(byPath));
      }
    },
  );
}

function byPath(one: ManifestEntry, other: ManifestEntry): number {
  if (one.path === other.path) return 0;
  return one.path < other.path ? -1 : 1;
}
