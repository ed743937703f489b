import { expect, test } from '@jest/globals';
import { createFakeChatModels } from '../../../adapters/models/fake.ts';
import { learnFromRun, type LearningDeps } from './learn-from-run.ts';
import { toMemoryPolicy, type MemorySpecInput } from '../../../contracts/memory-policy.ts';
import type { Learning, LearntDraft } from '../../../contracts/learning.ts';
import type { MemoryDraft } from '../../../contracts/recall.ts';
import type { CompiledVersion, Run } from '../../../contracts/records.ts';
import type { ModelSpec } from '../../../contracts/agent-spec.ts';

const REF = { workspaceId: 'ws_1', runId: 'run_1' };
const DEFAULT: ModelSpec = { provider: 'default' };

async function learn(
  memory: MemorySpecInput,
  { model = null, userId = 'ada' }: { model?: ModelSpec | null; userId?: string | null } = {},
) {
  const models = createFakeChatModels([{ output: { memories: [] } }]);
  const written: MemoryDraft[] = [];
  const ends: Parameters<LearningDeps['learnings']['end']>[1][] = [];
  let drafts: readonly LearntDraft[] | null = null;
  const standing = (): Learning => {
    const state = ends[0]?.state ?? 'pending';
    return { runId: REF.runId, state, userId, drafts, outcomes: [], reason: null, updatedAt: '' };
  };
  const run: Partial<Run> = {
    ...{ id: REF.runId, workspaceId: REF.workspaceId, versionId: 'v', agentId: 'agt', userId },
    ...{ threadId: null, input: 'I live in Lisbon.', output: 'Lisbon has many hills.' },
  };
  const version = { graph: { memory: toMemoryPolicy(memory) } };
  await learnFromRun(
    {
      // Of a run and its version learning reads what stands here, and nothing else.
      runs: { get: async () => run as Run },
      agents: { getVersionById: async () => version as CompiledVersion },
      journal: { getValue: async (_ws, value) => value },
      learnings: {
        begin: async () => standing(),
        get: async () => standing(),
        messages: async () => [],
        extracted: async (_ref, made) => {
          drafts = made;
          return true;
        },
        end: async (_ref, end) => {
          ends.push(end);
        },
      },
      memory: {
        recall: async () => ({
          ...{ hits: [], omitted: 0, missing: [], embedder: null },
          reranked: { by: null, why: '' },
        }),
        remember: async (_ws, made) => {
          written.push(...made);
          return [];
        },
      },
      memories: { delete: async () => [] },
      graph: { putEntities: async () => [], record: () => Promise.reject(new Error('unexpected')) },
      models,
      model,
    },
    REF,
    { signal: new AbortController().signal },
  );
  return { asked: models.requests.length, written, ends };
}

test('`default` without a model and a script is nobody: what was said is kept', async () => {
  const { asked, written } = await learn({ learn: { model: DEFAULT } });
  expect(asked).toBe(0);
  expect(written.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
    'episode: I live in Lisbon.',
    'episode: Lisbon has many hills.',
  ]);
});

test.each([
  ['the installation has a model', DEFAULT, DEFAULT],
  ['a script plays for it', null, { ...DEFAULT, script: [{ output: '{"memories": []}' }] }],
])('`default` is asked where %s', async (_where, model, named) => {
  expect((await learn({ learn: { model: named } }, { model })).asked).toBe(1);
});

test('nothing is learnt for whom the author did not name', async () => {
  const none = await learn({ learn: true, scopes: ['user'] }, { userId: null });
  expect(none.written).toEqual([]);
  expect(none.ends).toMatchObject([
    { state: 'skipped', reason: 'the agent may not write memories of scope agent' },
  ]);
  const all = await learn({ learn: { scope: 'workspace' }, scopes: ['workspace'] });
  expect(all.written.map(({ scope }) => scope)).toEqual(['workspace', 'workspace']);
});
