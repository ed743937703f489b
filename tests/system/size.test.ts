import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { createAgent, runSpec } from '../harness/runs.ts';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { isBlobRef } from '../../contracts/blob.ts';
import { scriptedAgent, toolGraph } from './graphs.ts';
import { startStack, type Stack } from '../harness/stack.ts';

const MIB = 1024 * 1024;
let stack: Stack;

beforeAll(async () => {
  stack = await startStack({ HOLDFAST_TOOLS: 'tests/fakes/sink-tools.ts' });
}, 120_000);

afterAll(() => stack.stop(), 60_000);

async function historyBytes(runId: string): Promise<number> {
  const handle = stack.holdfast.temporal.workflow.getHandle(runId);
  return historyToJSON(await handle.fetchHistory()).length;
}

/** Posts a body and reads the answer, which may come before the body was taken. */
async function postRuns(body: string): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${stack.apiKey}`, 'content-type': 'application/json' };
    const sent = request(`${stack.url}/v1/runs`, { method: 'POST', headers }, (answer) => {
      text(answer).then(
        (json) => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(json) as unknown }),
        reject,
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('large values', () => {
  test('a 5 MB tool result travels by reference', async () => {
    const run = await runSpec(stack.client, toolGraph('big_result', { bytes: 5 * MIB }));
    const ended = await stack.client.runs.wait(run.id);
    expect(ended.status).toBe('succeeded');
    expect(isBlobRef(ended.output)).toBe(true);
    if (!isBlobRef(ended.output)) throw new Error('a reference');
    const value = await stack.client.values.get(ended.output);
    expect(value).toBe('x'.repeat(5 * MIB));
    expect(await historyBytes(run.id)).toBeLessThan(64 * 1024);
  }, 120_000);

  test('a 5 MB input travels by reference, and expressions see its value', async () => {
    const agent = await createAgent(stack.client, {
      graph: {
        channels: { n: { reducer: 'replace' } },
        nodes: [
          { id: 'count', type: 'set', config: { values: { n: 'size(input.text)' } } },
          { id: 'done', type: 'end', config: { value: 'state.n' } },
        ],
        edges: [{ type: 'normal', from: 'count', to: 'done' }],
      },
    });
    const input = { text: 'y'.repeat(5 * MIB) };
    const run = await stack.client.runs.create({ agent, input });
    const ended = await stack.client.runs.wait(run.id);
    expect(ended).toMatchObject({ status: 'succeeded', output: 5 * MIB });
    expect(await historyBytes(run.id)).toBeLessThan(64 * 1024);
  }, 120_000);

  test('a 40 MB tool result is refused with a code', async () => {
    const run = await runSpec(stack.client, toolGraph('big_result', { bytes: 40 * MIB }));
    expect(await stack.client.runs.wait(run.id)).toMatchObject({
      status: 'failed',
      error: { code: 'tool.result_too_large' },
    });
  }, 120_000);

  test('a 40 MB input is refused with a code', async () => {
    const agent = await createAgent(stack.client, toolGraph('big_result', { bytes: 1 }));
    const body = JSON.stringify({ agent, input: 'z'.repeat(40 * MIB) });
    const response = await postRuns(body);
    expect(response).toMatchObject({ status: 413, body: { code: 'request.too_large' } });
  }, 120_000);

  test('a tool result that is no JSON is refused with a code', async () => {
    const run = await runSpec(stack.client, toolGraph('not_json', {}));
    const ended = await stack.client.runs.wait(run.id);
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'value.not_json' } });
  }, 60_000);

  test('a thread of 200 turns of 2 KB keeps every history small and stores each message once', async () => {
    const turns = 200;
    const reply = 'r'.repeat(2_048);
    const agent = await createAgent(stack.client, scriptedAgent([{ say: reply }]));
    const thread = await stack.client.threads.create({ agent });
    let last = '';
    for (let turn = 0; turn < turns; turn += 1) {
      const content = `${turn} ${'q'.repeat(2_048)}`;
      const run = await stack.client.threads.post(thread.id, { content });
      expect((await stack.client.runs.wait(run.id)).status).toBe('succeeded');
      last = run.id;
    }
    const messages = [];
    for await (const item of stack.client.threads.messages(thread.id, { limit: 200 })) {
      messages.push(item);
    }
    expect(messages).toHaveLength(2 * turns);
    const bytes = await historyBytes(last);
    const { rows } = await stack.schema.database.pool.query<{ bytes: string }>(
      `select sum(pg_total_relation_size(c.oid))::text as bytes
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = current_schema() and c.relkind = 'r'`,
    );
    process.stdout.write(
      `size: thread of ${turns} turns: ${rows[0]?.bytes ?? '?'} bytes in PostgreSQL with indexes, ` +
        `${bytes} bytes in the last run's Temporal history\n`,
    );
    expect(bytes).toBeLessThan(32 * 1024);
  }, 300_000);
});
