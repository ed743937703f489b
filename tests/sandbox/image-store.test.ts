import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createImageStore } from '../../adapters/sandbox/pool/image-store.ts';
import { finished } from '../../scripts/sandbox-images/docker-connection.ts';
import { dockerForTests } from '../harness/docker.ts';
import { describeUnless } from '../harness/not-run.ts';
import type { ImageStore, ImageStoreOptions } from '../../adapters/sandbox/pool/image-store.ts';
import type { SandboxImage } from '../../contracts/sandbox.ts';

const { reason, docker } = await dockerForTests([]);

const execute = promisify(execFile);
const MIB = 1024 * 1024;
const PREFIX = `holdfast-test-${randomBytes(4).toString('hex')}-`;

describeUnless(reason, 'the image store', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'hfi-'));
  });
  const removeAll = async (): Promise<void> => {
    const images = await docker.listImages({ filters: { reference: [`${PREFIX}*`] } });
    for (const tag of images.flatMap(({ RepoTags }) => RepoTags ?? [])) {
      await docker.getImage(tag).remove({ force: true });
    }
  };
  afterEach(removeAll);
  afterAll(async () => rm(folder, { recursive: true, force: true }));

  /** An image of that many mebibytes, and nothing that could run. */
  const importImage = async (image: SandboxImage, tag: string, mib: number): Promise<void> => {
    const tar = path.join(folder, `${image}-${tag}.tar`);
    await writeFile(path.join(folder, 'data'), randomBytes(mib * MIB));
    await execute('tar', ['-C', folder, '-cf', tar, 'data']);
    const options = { fromSrc: '-', repo: PREFIX + image, tag };
    await finished(docker, await docker.importImage(createReadStream(tar), options));
  };
  let clock = Date.parse('2030-01-01T00:00:00Z');
  const open = (changes: Partial<ImageStoreOptions> = {}): ImageStore =>
    createImageStore({
      docker,
      file: path.join(folder, randomBytes(4).toString('hex'), 'images.json'),
      prefix: PREFIX,
      pinned: [],
      now: () => new Date((clock += 1_000)),
      ...changes,
    });
  const names = (found: readonly string[]): readonly string[] =>
    found.map((name) => name.slice(PREFIX.length)).sort();

  test('lists our images with all their versions, and remembers when they were used', async () => {
    await importImage('base', 'one', 1);
    await importImage('base', 'two', 2);
    await importImage('node', 'one', 1);
    const file = path.join(folder, 'times', 'images.json');
    await Promise.all([open({ file }).touch('base')]);
    const listed = await open({ file }).list();
    expect(names(listed.map(({ name }) => name))).toEqual(['base', 'node']);
    const base = listed.find(({ name }) => name.endsWith('base'));
    expect([...(base?.tags ?? [])].sort()).toEqual([`${PREFIX}base:one`, `${PREFIX}base:two`]);
    expect(base).toMatchObject({ isUsed: false, lastUsedAt: new Date(clock).toISOString() });
    expect(base?.sizeBytes).toBeGreaterThanOrEqual(2 * MIB);
    const node = listed.find(({ name }) => name.endsWith('node'));
    expect(Date.now() - Date.parse(node?.lastUsedAt ?? '')).toBeLessThan(120_000);
  });

  test('keeps every time of use when several come at once', async () => {
    const store = open();
    for (const image of ['base', 'python', 'node'] as const) await importImage(image, 'one', 1);
    await Promise.all([store.touch('base'), store.touch('python'), store.touch('node')]);
    const times = (await store.list()).map(({ lastUsedAt }) => lastUsedAt);
    expect(new Set(times).size).toBe(3);
    expect(times.every((at) => at.startsWith('2030'))).toBe(true);
  });

  test('removes those used longest ago, whole, until the rest fits', async () => {
    const store = open();
    await importImage('base', 'one', 2);
    await importImage('base', 'two', 2);
    await importImage('python', 'one', 2);
    await importImage('node', 'one', 2);
    for (const image of ['python', 'base', 'node', 'python'] as const) await store.touch(image);
    expect(await store.evict(100 * MIB)).toEqual([]);
    expect(names(await store.evict(5 * MIB))).toEqual(['base']);
    expect(names((await store.list()).map(({ name }) => name))).toEqual(['node', 'python']);
    expect(names(await store.evict(0))).toEqual(['node', 'python']);
    expect(await store.list()).toEqual([]);
  });

  test('never removes what is pinned or in use', async () => {
    const store = open({ pinned: ['python'] });
    for (const image of ['base', 'python', 'node'] as const) await importImage(image, 'one', 1);
    const container = await docker.createContainer({ Image: `${PREFIX}base:one`, Cmd: ['none'] });
    try {
      for (const image of ['base', 'python', 'node'] as const) await store.touch(image);
      expect(names(await store.evict(0))).toEqual(['node']);
      const left = await store.list();
      expect(left.map(({ name, isUsed }) => [name.slice(PREFIX.length), isUsed]).sort()).toEqual([
        ['base', true],
        ['python', false],
      ]);
    } finally {
      await container.remove({ force: true });
    }
  });
});
