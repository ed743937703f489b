/* eslint-disable @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unnecessary-type-parameters -- wrong uses are what this file is made of */
import { createClient, HoldfastError, type Client } from './index.ts';

declare function expectType<T>(value: T): void;

/** Checked by the compiler alone: each expected error is a wrong use that must not compile. */
export async function typeTest(client: Client): Promise<void> {
  createClient({ baseUrl: 'http://x', apiKey: 'k' });
  // @ts-expect-error an API key is required
  createClient({ baseUrl: 'http://x' });

  await client.agents.create({
    name: 'a',
    spec: { model: { provider: 'default' }, instructions: '', tools: [] },
  });
  // @ts-expect-error a name is required
  await client.agents.create({ description: 'x' });
  await client.agents.create({
    name: 'a',
    // @ts-expect-error no such provider
    spec: { model: { provider: 'acme' }, instructions: '', tools: [] },
  });
  await client.agents.create({
    name: 'a',
    spec: {
      model: { provider: 'default' },
      instructions: '',
      // @ts-expect-error an approval policy is `never` or `always`
      tools: [{ name: 'x', approval: 'maybe' }],
    },
  });
  // @ts-expect-error a version needs a spec
  await client.agents.createVersion('a', { changelog: 'x' });
  // @ts-expect-error a label needs a version
  await client.agents.setLabel('a', 'stable', {});
  expectType<string>((await client.agents.setLabel('a', 'stable', { version: '1' })).name);
  for await (const move of client.agents.labelHistory('a', 'stable')) {
    // @ts-expect-error a label may have pointed nowhere before
    expectType<string>(move.fromVersionId);
  }

  expectType<string>((await client.apiKeys.create({ name: 'ci', role: 'runner' })).key);
  // @ts-expect-error no such role
  await client.apiKeys.create({ name: 'ci', role: 'owner' });
  // @ts-expect-error a key's text is told when it is made and never again
  for await (const known of client.apiKeys.list()) expectType<string>(known.key);
  for (const tool of await client.catalogue.tools()) expectType<string>(tool.name);

  await client.runs.create({ agent: 'a', input: { any: ['json'] } });
  // @ts-expect-error an agent is required
  await client.runs.create({ input: {} });
  // @ts-expect-error an input is JSON
  await client.runs.create({ agent: 'a', input: { at: new Date() } });
  // @ts-expect-error unknown fields are refused
  await client.runs.create({ agent: 'a', agentVersion: '1' });
  // @ts-expect-error no such status
  client.runs.list({ status: 'done' });

  const run = await client.runs.wait('run_1', { timeoutMs: 1_000 });
  // @ts-expect-error records are read-only
  run.status = 'failed';
  // @ts-expect-error not a status
  expectType<'done'>(run.status);

  for await (const event of client.runs.stream('run_1', { after: '12.3' })) {
    if (event.type === 'token') expectType<string>(event.text);
    // @ts-expect-error only a token has text
    else expectType<string>(event.text);
    if (event.type === 'step.completed') expectType<string>(event.data.nodeId);
    // @ts-expect-error the data of another event
    if (event.type === 'run.failed') expectType<string>(event.data.nodeId);
    // @ts-expect-error no such event
    if (event.type === 'run.done') break;
  }
  // @ts-expect-error an id is a text or a number
  client.runs.stream('run_1', { after: true });

  await client.humanTasks.decide('task_1', { kind: 'reject', reason: 'no' });
  // @ts-expect-error no such decision
  await client.humanTasks.decide('task_1', { kind: 'maybe' });
  // @ts-expect-error a decision is required
  await client.humanTasks.decide('task_1');

  for await (const message of client.threads.messages('thr_1')) {
    if (message.message.role === 'tool') expectType<string>(message.message.toolCallId);
    // @ts-expect-error only a tool's message has the id of its call
    else expectType<string>(message.message.toolCallId);
  }
  // @ts-expect-error a message needs a content
  await client.threads.post('thr_1', {});

  const error = new HoldfastError('run.not_found', '');
  // @ts-expect-error a code is one of a list
  expectType<'run.missing'>(error.code);
  // @ts-expect-error no such code
  new HoldfastError('run.missing', '');
}
