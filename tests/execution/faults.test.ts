import { expect, test } from '@jest/globals';
import { AppError } from '../../contracts/app-error.ts';
import { agentSpec, chain, countingTool, modelsCalling, prepareRun } from './harness.ts';
import { runInProcess } from '../../activities/segment/run-in-process.ts';
import type { EffectClass } from '../../contracts/effect.ts';
import type { Fault } from '../../activities/step/fault.ts';
import type { Json } from '../../contracts/json.ts';

const CANARY = 'hunter2';

/** Calls a tool that does this, and answers with what operators were told. */
async function faultsOf(effect: EffectClass, act: () => Json | Promise<Json>, timeoutMs = 5_000) {
  const tool = countingTool(effect, { timeoutMs }, act);
  const models = modelsCalling([{ name: tool.name, arguments: { password: CANARY } }]);
  const run = prepareRun({ spec: agentSpec([tool.name]), tools: [tool], models });
  const faults: Fault[] = [];
  await runInProcess({ ...run.deps, report: (fault) => faults.push(fault) }, run.ref);
  return { faults, run, tool };
}

function broken(): never {
  const cause = Object.assign(new TypeError(`no ${CANARY}`), { code: 'ECONNREFUSED' });
  throw new Error(`cannot log in with ${CANARY}`, { cause });
}

test.each(['pure', 'keyed', 'once'] as const)(
  'operators are told what broke in a tool of class %s, each time, and no values',
  async (effect) => {
    const { faults, run, tool } = await faultsOf(effect, broken);
    expect(faults).toHaveLength(tool.executed.length);
    expect(faults[0]).toMatchObject({
      ...run.ref,
      stepId: expect.stringContaining('agent'),
      tool: tool.name,
      causes: [
        { name: 'Error', frames: expect.arrayContaining([expect.stringContaining('broken')]) },
        { name: 'TypeError', code: 'ECONNREFUSED' },
      ],
    });
    expect(JSON.stringify(faults)).not.toContain(CANARY);
  },
);

test.each<[string, () => Json | Promise<Json>]>([
  ['refuses', () => Promise.reject(new AppError('tool.refused', 'no'))],
  ['fails in its own words', () => Promise.reject(new AppError('tool.failed', 'no route'))],
  ['takes too long', () => new Promise(() => undefined)],
  ['answers', () => 1],
])('operators are not told of a tool that %s', async (_name, act) => {
  expect((await faultsOf('idempotent', act, 20)).faults).toEqual([]);
});

test('operators are told what broke in a node', async () => {
  const run = prepareRun({
    spec: chain([
      {
        id: 'ask',
        type: 'model',
        config: { model: { provider: 'default' }, prompt: 'hi' },
      },
    ]),
    models: { call: async () => broken() },
  });
  const faults: Fault[] = [];
  await runInProcess({ ...run.deps, report: (fault) => faults.push(fault) }, run.ref);
  expect(faults).toMatchObject([{ ...run.ref, stepId: 'ask:1', causes: [{}, {}] }]);
  expect(faults[0]).not.toHaveProperty('tool');
});
