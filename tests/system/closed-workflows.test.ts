import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openAiAgent, questionsGraph } from './graphs.ts';
import { oneTo, runSpec, watch } from '../harness/runs.ts';
import { startOpenAiServer, type OpenAiServer } from '../fakes/openai-server.ts';
import { splitStack, startStack, type Stack } from '../harness/stack.ts';
import { until } from '../harness/until.ts';
import type { Run } from '../../contracts/records.ts';

let vendor: OpenAiServer;
let stack: Stack;

beforeAll(async () => {
  vendor = await startOpenAiServer();
  stack = await startStack({ OPENAI_API_KEY: 'test-key', OPENAI_BASE_URL: vendor.url });
}, 120_000);

afterAll(async () => {
  await stack.stop();
  await vendor.close();
}, 60_000);

/** Makes a run look as if it had done nothing for a while, so that it is looked at. */
async function age(runId: string): Promise<void> {
  const { pool } = stack.schema.database;
  const past = "interval '2 minutes'";
  await pool.query(`update events set at = at - ${past} where run_id = $1`, [runId]);
  await pool.query(
    `update runs set created_at = created_at - ${past},
      look_at = least(look_at, now()) - ${past} where id = $1`,
    [runId],
  );
}

/** Nobody looks at the run until it is aged. */
async function leaveAlone(runId: string): Promise<void> {
  const { pool } = stack.schema.database;
  await pool.query('update runs set look_at = now() + interval $$1 hour$$ where id = $1', [runId]);
}

async function isLookedAt(runId: string): Promise<boolean> {
  const { pool } = stack.schema.database;
  const { rowCount } = await pool.query(
    'select from runs where id = $1 and look_at > now() + interval $$1 minute$$',
    [runId],
  );
  return rowCount === 1;
}

async function openTask(runId: string): Promise<string> {
  return until('the question', async () => {
    const { items } = await stack.client.humanTasks.list({ runId, status: 'open' }).page();
    return items[0]?.id;
  });
}

function workflowOf({ id }: Run) {
  return stack.holdfast.temporal.workflow.getHandle(id);
}

/** A run in the middle of a model's long answer. */
async function longRun(): Promise<Run> {
  const run = await runSpec(stack.client, openAiAgent(), `#slow:300x100 ${Date.now()}`);
  await until('the answer to begin', async () => {
    const { items } = await stack.client.runs.events(run.id);
    return items.some(({ type }) => type === 'step.started');
  });
  return run;
}

describe('a run whose workflow an operator has ended', () => {
  test('fails with the reason while it runs, and its streams end', async () => {
    const run = await longRun();
    const seen = watch(stack.client, run.id);
    await workflowOf(run).terminate('the operator had enough');
    await age(run.id);
    const { numbers, types } = await seen;
    expect(numbers).toEqual(oneTo(numbers.length));
    expect(types.at(-1)).toBe('run.failed');
    const ended = await stack.client.runs.get(run.id);
    expect(ended).toMatchObject({
      status: 'failed',
      error: {
        code: 'run.workflow_closed',
        message: 'the run cannot go on: its workflow was terminated: the operator had enough',
      },
    });
  }, 120_000);

  test('fails while it waits, and its question is closed', async () => {
    const run = await runSpec(stack.client, questionsGraph(1));
    const taskId = await openTask(run.id);
    await workflowOf(run).terminate();
    await age(run.id);
    expect(await stack.client.runs.wait(run.id)).toMatchObject({
      status: 'failed',
      error: { code: 'run.workflow_closed' },
      openHumanTasks: 0,
    });
    expect((await stack.client.humanTasks.get(taskId)).status).toBe('cancelled');
    await expect(stack.client.humanTasks.decide(taskId, { kind: 'approve' })).rejects.toMatchObject(
      { code: 'human_task.cancelled' },
    );
    const { items } = await stack.client.runs.events(run.id);
    expect(items.slice(-2).map(({ type }) => type)).toEqual(['human_task.cancelled', 'run.failed']);
  }, 120_000);

  test('fails when the workflow is gone', async () => {
    const run = await runSpec(stack.client, questionsGraph(1));
    await openTask(run.id);
    await leaveAlone(run.id);
    await workflowOf(run).terminate();
    const { connection, options } = stack.holdfast.temporal;
    await connection.workflowService.deleteWorkflowExecution({
      namespace: options.namespace,
      workflowExecution: { workflowId: run.id },
    });
    await until('the deletion', () =>
      workflowOf(run)
        .describe()
        .then(
          () => false,
          () => true,
        ),
    );
    await age(run.id);
    expect(await stack.client.runs.wait(run.id)).toMatchObject({
      status: 'failed',
      error: { code: 'run.workflow_closed', message: expect.stringContaining('does not know') },
    });
  }, 120_000);
});

describe('a queued run whose workflow was ended before a worker took it', () => {
  test('fails with the reason', async () => {
    const split = await splitStack();
    const api = await split.startApi();
    const client = split.client(api.url);
    const run = await runSpec(client, questionsGraph(1));
    const { workflow } = stack.holdfast.temporal;
    await until('the workflow', () =>
      workflow
        .getHandle(run.id)
        .terminate('not wanted')
        .then(
          () => true,
          () => false,
        ),
    );
    expect(await client.runs.wait(run.id)).toMatchObject({
      status: 'failed',
      error: { code: 'run.workflow_closed', message: expect.stringContaining('not wanted') },
    });
    await split.stop();
  }, 120_000);
});

describe('a run whose workflow is open', () => {
  test('goes on waiting however long it is quiet, and can be answered', async () => {
    const run = await runSpec(stack.client, questionsGraph(1));
    const taskId = await openTask(run.id);
    await age(run.id);
    await until('a look at the run', () => isLookedAt(run.id));
    // The next one to be ended comes later in the same order: the look at this one is over then.
    const other = await runSpec(stack.client, questionsGraph(1));
    await openTask(other.id);
    await workflowOf(other).terminate();
    await age(other.id);
    expect((await stack.client.runs.wait(other.id)).status).toBe('failed');
    expect((await stack.client.runs.get(run.id)).status).toBe('waiting');
    await stack.client.humanTasks.decide(taskId, { kind: 'approve' });
    expect((await stack.client.runs.wait(run.id)).status).toBe('succeeded');
  }, 120_000);
});
