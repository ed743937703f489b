import { expect, test } from '@jest/globals';
import { createFakeService, events, json, OFFLINE, problem } from './fake-service.ts';
import { createRuns } from './runs.ts';

const run = (status: string, error: unknown = null): object => ({ id: 'run_1', status, error });
const asText = (value: object): string => JSON.stringify(value);

test('reads past the signs of life of a pending answer', async () => {
  const service = createFakeService([
    events(['\n', '\n\n', asText(run('succeeded')).slice(0, 9), asText(run('succeeded')).slice(9)]),
  ]);
  await expect(createRuns(service.transport).wait('run_1')).resolves.toMatchObject({
    status: 'succeeded',
  });
});

test('asks again until the run has ended, over cuts and restarts', async () => {
  const service = createFakeService([
    OFFLINE,
    events(['\n', '\n'], 'break'),
    events(['\n', '{"id":"run_1","sta']),
    problem(503, 'service.unavailable'),
    events(['\n', asText({ code: 'service.unavailable', status: 503, detail: 'restart' })]),
    json(run('waiting')),
    json(run('failed', { code: 'budget.exceeded', message: 'no more steps' })),
  ]);
  await expect(createRuns(service.transport).wait('run_1')).resolves.toMatchObject({
    status: 'failed',
  });
  expect(service.seen).toHaveLength(7);
});

test.each([
  {
    end: run('failed', { code: 'budget.exceeded', message: 'no more steps' }),
    code: 'budget.exceeded',
  },
  { end: run('cancelled'), code: 'run.cancelled' },
])('rejects with $code when told to throw', async ({ end, code }) => {
  const service = createFakeService([json(end)]);
  await expect(
    createRuns(service.transport).wait('run_1', { throwOnFailure: true }),
  ).rejects.toMatchObject({ code });
});

test('rejects when the time is over', async () => {
  const service = createFakeService([]);
  await expect(createRuns(service.transport).wait('run_1', { timeoutMs: 0 })).rejects.toMatchObject(
    { code: 'client.timeout' },
  );
});

test('does not wait for a run that is not there', async () => {
  const service = createFakeService([problem(404, 'run.not_found')]);
  await expect(createRuns(service.transport).wait('run_1')).rejects.toMatchObject({
    code: 'run.not_found',
  });
});
