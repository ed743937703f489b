import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chain, prepareRun, type TestRun } from '../execution/harness.ts';
import { contextOf, openFileToolBench, spaceOf, type FileToolBench } from './tool-bench.ts';
import { createArtifactStore, type ArtifactStore } from '../../db/stores/artifact-store.ts';
import { createArtifactTools } from '../../activities/tools/sandbox/artifact-tools.ts';
import { interruptJournal, Interruption } from '../execution/interrupting-journal.ts';
import { mediaTypeOf } from '../../activities/tools/sandbox/artifact-media-type.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { Tool } from '../../activities/tools/tool.ts';

let bench: FileToolBench;
let artifacts: ArtifactStore;

beforeAll(async () => {
  bench = await openFileToolBench();
  artifacts = createArtifactStore(bench.schema.database);
});

afterAll(() => bench.close());

/** The tool; in runs whose journal is in memory it publishes what a run in the database has. */
function publishing(run: RunRef): Tool {
  const [tool] = createArtifactTools({ artifacts, files: bench.files });
  if (tool === undefined) throw new Error('there is no tool');
  return { ...tool, execute: (args, context) => tool.execute(args, { ...context, ...run }) };
}

async function publishedBy(run: RunRef) {
  return (await artifacts.list(run, { limit: 200 })).items;
}

/** A run whose nodes publish, one after the other. */
function publishingRun(run: RunRef, calls: readonly JsonObject[]): TestRun {
  const nodes = calls.map((args, index) => ({
    id: `publish${index}`,
    type: 'tool',
    config: { tool: 'publish_artifact', arguments: args },
  }));
  return prepareRun({ spec: chain(nodes), tools: [publishing(run)] });
}

describe('publish_artifact', () => {
  test('publishes the version that stands, under the name and type of its path', async () => {
    const { run, ann } = await bench.newRun();
    await ann('write_file', { path: 'out/report.csv', content: 'a,b\n' });
    const test = publishingRun(run, [{ path: 'out/report.csv' }]);
    expect((await test.go()).end).toEqual({ status: 'succeeded' });
    const [artifact] = await publishedBy(run);
    expect(artifact).toMatchObject({
      name: 'report.csv',
      mediaType: 'text/csv',
      version: 1,
      stepId: 'publish0:1',
    });
    const data = { name: 'report.csv', mediaType: 'text/csv', sizeBytes: 4 };
    expect(test.events('artifact.published')).toMatchObject([
      { stepId: 'publish0:1', data: { artifactId: artifact?.id, ...data } },
    ]);
    await ann('write_file', { path: 'out/report.csv', content: 'changed' });
    const { bytes } = await artifacts.read(run.workspaceId, artifact?.id ?? '');
    expect(bytes.toString()).toBe('a,b\n');
  });

  test('publishes another version anew, and tells of the same one only once', async () => {
    const { run, ann } = await bench.newRun();
    await ann('write_file', { path: 'a', content: '1' });
    await ann('write_file', { path: 'a', content: '2' });
    const path = 'a';
    const calls = [{ path }, { path, name: 'again' }, { path, version: 1, mediaType: 'x/y' }];
    const test = publishingRun(run, calls);
    await test.go();
    expect(await publishedBy(run)).toMatchObject([
      { name: 'a', version: 2, mediaType: 'application/octet-stream' },
      { name: 'a', version: 1, mediaType: 'x/y' },
    ]);
    expect(test.events('artifact.published').map(({ stepId }) => stepId)).toEqual([
      'publish0:1',
      'publish2:1',
    ]);
  });

  test.each([1, 2, 3])('tells of it once if the process dies at write %i', async (nth) => {
    for (const when of ['before', 'after'] as const) {
      const { run, ann } = await bench.newRun();
      await ann('write_file', { path: 'a', content: '1' });
      const test = publishingRun(run, [{ path: 'a' }]);
      const { journal } = interruptJournal(test.journal, { nth, when });
      await expect(test.go({ journal })).rejects.toThrow(Interruption);
      // What is written meanwhile is not what the step has published.
      await ann('write_file', { path: 'a', content: '2' });
      await test.go();
      const published = await publishedBy(run);
      expect(published).toHaveLength(1);
      expect(test.events('artifact.published').map(({ data }) => data['artifactId'])).toEqual([
        published[0]?.id,
      ]);
    }
  });

  test.each([
    ['missing', 'file.not_found'],
    ['folder', 'file.not_found'],
    ['link', 'file.bad_path'],
    ['../a', 'file.bad_path'],
  ])('refuses %s with %s', async (path, code) => {
    const { run } = await bench.newRun();
    const space = spaceOf(run);
    await bench.files.write(space, { kind: 'folder', path: 'folder' }, { actor: 'x' });
    await bench.files.write(space, { kind: 'link', path: 'link', target: 'a' }, { actor: 'x' });
    const called = publishing(run).execute({ path }, contextOf(run));
    await expect(called).rejects.toMatchObject({ code });
  });
});

test.each([
  ['a/b.PDF', 'application/pdf'],
  ['chart.svg', 'image/svg+xml'],
  ['data.tar.gz', 'application/gzip'],
  ['Makefile', 'application/octet-stream'],
  ['csv', 'application/octet-stream'],
  ['a.constructor', 'application/octet-stream'],
])('the media type of %s is %s', (path, type) => {
  expect(mediaTypeOf(path)).toBe(type);
});
