import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createArtifactStore, type ArtifactStore } from '../../db/stores/artifact-store.ts';
import { createFileStore, type FileStore } from '../../db/stores/file-store.ts';
import { createStores, createTenant, type Stores, type Tenant } from './fixtures.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import { createJournal } from '../../db/journal/journal.ts';
import type { RunRef } from '../../contracts/journal.ts';

let schema: TestSchema;
let artifacts: ArtifactStore;
let files: FileStore;
let stores: Stores;
let tenant: Tenant;

beforeAll(async () => {
  schema = await freshSchema();
  artifacts = createArtifactStore(schema.database);
  files = createFileStore(schema.database);
  stores = createStores(schema.database);
  tenant = await createTenant(stores);
});

afterAll(() => schema.drop());

const PAGE = { limit: 200 };

async function write({ workspaceId, runId }: RunRef, path: string, text: string): Promise<string> {
  const content = new TextEncoder().encode(text);
  const space = { workspaceId, spaceId: runId };
  const written = await files.write(space, { kind: 'file', path, content }, { actor: 'ann' });
  return written.sha256 ?? '';
}

test('a version of a file is published once, and keeps its bytes', async () => {
  const ref = await tenant.seedRun();
  await write(ref, 'out/report.md', 'one');
  const input = { path: 'out/report.md', mediaType: 'text/markdown', stepId: 'call:1' };
  const [first, again] = await Promise.all([
    artifacts.publish(ref, input),
    artifacts.publish(ref, input),
  ]);
  expect([first.kind, again.kind].sort()).toEqual(['created', 'existing']);
  expect(again.artifact).toEqual(first.artifact);
  await write(ref, 'out/report.md', 'two');
  const second = await artifacts.publish(ref, { ...input, name: 'Report' });
  expect((await artifacts.list(ref, PAGE)).items).toEqual([first.artifact, second.artifact]);
  expect(first.artifact).toMatchObject({
    name: 'report.md',
    version: 1,
    sizeBytes: 3,
    mediaType: 'text/markdown',
    stepId: 'call:1',
  });
  expect(second.artifact).toMatchObject({ name: 'Report', version: 2 });
  const read = await artifacts.read(ref.workspaceId, first.artifact.id);
  expect(read.bytes.toString('utf8')).toBe('one');
});

test.each(['text/html\r\nx: y', 'nonsense', '', `a/${'b'.repeat(70)}`, 'text/html; charset=x'])(
  'the media type %j is kept as that of bytes',
  async (mediaType) => {
    const ref = await tenant.seedRun();
    await write(ref, 'a', 'x');
    const { artifact } = await artifacts.publish(ref, { path: 'a', mediaType });
    expect(artifact.mediaType).toBe('application/octet-stream');
  },
);

test('what is no file of the run is not published', async () => {
  const ref = await tenant.seedRun();
  const space = { workspaceId: ref.workspaceId, spaceId: ref.runId };
  await write(ref, 'gone', 'x');
  await files.remove(space, { path: 'gone' }, { actor: 'ann' });
  await files.write(space, { kind: 'folder', path: 'd' }, { actor: 'ann' });
  for (const path of ['none', 'gone', 'd']) {
    await expect(artifacts.publish(ref, { path })).rejects.toMatchObject({
      code: 'file.not_found',
    });
  }
  await expect(artifacts.publish(ref, { path: 'gone', version: 7 })).rejects.toMatchObject({
    code: 'file.version_not_found',
  });
});

test('another workspace sees no artifact', async () => {
  const ref = await tenant.seedRun();
  await write(ref, 'a', 'x');
  const { artifact } = await artifacts.publish(ref, { path: 'a' });
  const { workspaceId } = await createTenant(stores);
  const unknown = { code: 'artifact.not_found' };
  await expect(artifacts.get(workspaceId, artifact.id)).rejects.toMatchObject(unknown);
  await expect(artifacts.read(workspaceId, artifact.id)).rejects.toMatchObject(unknown);
  const there = { ...ref, workspaceId };
  await expect(artifacts.list(there, PAGE)).rejects.toMatchObject({ code: 'run.not_found' });
  await expect(artifacts.publish(there, { path: 'a' })).rejects.toMatchObject({
    code: 'file.not_found',
  });
});

test('a reference to a file that is no JSON is no value', async () => {
  const ref = await tenant.seedRun();
  const $blob = await write(ref, 'a', 'no JSON');
  await using journal = createJournal(schema.database);
  const value = journal.getValue(ref.workspaceId, { $blob, sizeBytes: 7 });
  await expect(value).rejects.toMatchObject({ code: 'blob.not_found' });
});

test("a workspace's least level of sandboxes is `process` until it is changed", async () => {
  const { workspaceId } = await createTenant(stores);
  expect(await stores.workspaces.get(workspaceId)).toMatchObject({ sandboxMinLevel: 'process' });
  const changed = await stores.workspaces.update(workspaceId, { sandboxMinLevel: 'gvisor' });
  expect(changed.sandboxMinLevel).toBe('gvisor');
  expect(await stores.workspaces.update(workspaceId, {})).toEqual(changed);
  expect(await stores.workspaces.get(tenant.workspaceId)).toMatchObject({
    sandboxMinLevel: 'process',
  });
  const raw = schema.database.pool.query("update workspaces set sandbox_min_level = 'none'");
  await expect(raw).rejects.toThrow('sandbox_min_level');
});
