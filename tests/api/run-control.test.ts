import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { newId } from '../../contracts/ids.ts';
import { startTestApi, type TestApi } from './api-harness.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi({ timing: { waitBeatMs: 20, cancelWaitMs: 100 } });
});
afterAll(() => api.stop());
afterEach(() => {
  api.control.cancelMode = 'ends';
});

describe('waiting for a run', () => {
  test('answers at once when it has ended', async () => {
    const id = await api.run();
    await api.end(id);
    const answer = await api.call('GET', `/v1/runs/${id}/wait`);
    expect(answer.body).toMatchObject({ id, status: 'succeeded', output: 'done' });
  });

  test('sends headers at once, newlines while it is pending, then the run', async () => {
    const id = await api.run();
    const response = await fetch(`${api.url}/v1/runs/${id}/wait`, {
      headers: { 'x-api-key': api.own.keys.viewer },
    });
    expect(response.status).toBe(200);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const first = await reader?.read();
    expect(first?.value).toMatch(/^\n+$/);
    await api.end(id);
    let rest = '';
    for (;;) {
      const piece = await reader?.read();
      if (piece === undefined || piece.done) break;
      rest += piece.value;
    }
    expect(JSON.parse(rest)).toMatchObject({ id, status: 'succeeded' });
  });

  test('answers with the pending run when the time is over', async () => {
    const id = await api.run();
    const answer = await api.call('GET', `/v1/runs/${id}/wait?timeoutMs=30`);
    expect(answer.body).toMatchObject({ id, status: 'queued' });
  });
});

describe('cancelling a run', () => {
  const cancel = (id: string) => api.call('POST', `/v1/runs/${id}/cancel`);

  test('answers with the cancelled run, also the second time', async () => {
    const id = await api.run();
    for (let turn = 0; turn < 2; turn += 1) {
      const answer = await cancel(id);
      expect([answer.status, answer.body.status]).toEqual([200, 'cancelled']);
    }
  });

  test.each(['silent', 'away'] as const)(
    'says that it is not done yet while the workflow is %s, and remembers',
    async (mode) => {
      const id = await api.run();
      api.control.cancelMode = mode;
      const answer = await cancel(id);
      expect([answer.status, answer.body]).toEqual([202, { cancelled: false, runId: id }]);
      const run = await api.call('GET', `/v1/runs/${id}`);
      expect(run.body.cancelRequested).toBe(true);
    },
  );

  test('is refused when the run has ended otherwise', async () => {
    const id = await api.run();
    await api.end(id);
    const answer = await cancel(id);
    expect([answer.status, answer.body.code]).toEqual([409, 'run.ended']);
  });

  test('is refused when the run ends otherwise in the meantime', async () => {
    const id = await api.run();
    api.control.cancelMode = 'silent';
    const answer = cancel(id);
    await api.end(id, { status: 'failed', error: { code: 'internal', message: 'it broke' } });
    expect((await answer).body.code).toBe('run.ended');
  });

  test('of an unknown run is refused', async () => {
    expect((await cancel(newId('run'))).body.code).toBe('run.not_found');
  });
});
