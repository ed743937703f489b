import { appendMessages, findBusyRun, insertThread, unknownThread } from '../thread-writing.ts';
import type { CreatedRun, CreateRun } from '../stores/run-store.ts';
import { AppError } from '../../contracts/app-error.ts';
import type { CompiledVersion } from '../../contracts/records.ts';
import type { Database } from '../database.ts';
import { getRun } from './read-runs.ts';
import { insertThreadlessRun, type NewRun } from './create-threadless-run.ts';
import { jsonText } from '../json-text.ts';
import { loadVersion } from '../load-version.ts';
import { newId } from '../../contracts/ids.ts';
import { requireSameRequest } from '../same-request.ts';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Tables } from '../tables.ts';
import { violatedUnique } from '../violation.ts';

const ONE_ACTIVE_PER_THREAD = 'runs_one_active_per_thread';

/** See `RunStore.create`. */
export async function createRun(
  database: Database,
  workspaceId: string,
  input: CreateRun,
): Promise<CreatedRun> {
  const runId = newId('run');
  if (input.thread === null) return createThreadless(database, { workspaceId, runId, input });
  const existing = await database.kysely
    .transaction()
    .execute((trx) => insertOnce(trx, { workspaceId, runId, input }))
    .catch((error: unknown) => {
      if (violatedUnique(error) !== ONE_ACTIVE_PER_THREAD) throw error;
      throw new AppError('thread.busy', 'a run of the thread has not ended; wait for it');
    });
  if (existing === null) database.notifier.notify([runId]);
  return {
    kind: existing === null ? 'created' : 'existing',
    run: await getRun(database, workspaceId, existing ?? runId),
  };
}

async function createThreadless(database: Database, run: NewRun): Promise<CreatedRun> {
  const { workspaceId, runId, input } = run;
  const created = await insertThreadlessRun(database, run);
  if (created !== null) {
    database.notifier.notify([runId]);
    return { kind: 'created', run: created };
  }
  const known = await findKnownRun(database.kysely, workspaceId, input);
  return { kind: 'existing', run: await getRun(database, workspaceId, known) };
}

/** Answers with the run that the idempotency key stands for, or null when this one was inserted. */
async function insertOnce(trx: Transaction<Tables>, run: NewRun): Promise<string | null> {
  const existing = await claimKey(trx, run);
  if (existing !== null) return existing;
  const { workspaceId, runId, input } = run;
  const version = await loadVersion(trx, workspaceId, input.versionId);
  if (version.agentId !== input.agentId) {
    throw new AppError('agent.version_not_found', `the agent has no version ${version.id}`);
  }
  const thread = await openThread(trx, run);
  await insertRun(trx, run, thread);
  if (thread !== null && input.userMessage !== undefined) {
    await appendMessages(trx, { workspaceId, threadId: thread.id, runId }, [input.userMessage]);
  }
  await insertCreatedEvent(trx, run, version);
  return null;
}

/**
 * The first of several requests with one key inserts it; the others wait for his transaction and
 * then find his run.
 */
async function claimKey(
  trx: Transaction<Tables>,
  { workspaceId, runId, input }: NewRun,
): Promise<string | null> {
  if (input.idempotency === undefined) return null;
  const { key, requestHash } = input.idempotency;
  const claimed = await trx
    .insertInto('idempotency_keys')
    .values({ workspace_id: workspaceId, key, request_hash: requestHash, run_id: runId })
    .onConflict((conflict) => conflict.doNothing())
    .returning('run_id')
    .executeTakeFirst();
  return claimed === undefined ? findKnownRun(trx, workspaceId, input) : null;
}

/** The run that was made with the idempotency key. */
async function findKnownRun(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { idempotency }: CreateRun,
): Promise<string> {
  const known = await kysely
    .selectFrom('idempotency_keys')
    .select(['run_id', 'request_hash'])
    .where('workspace_id', '=', workspaceId)
    .where('key', '=', idempotency?.key ?? '')
    .executeTakeFirstOrThrow();
  requireSameRequest(known.request_hash, idempotency?.requestHash);
  return known.run_id;
}

interface OpenThread {
  readonly id: string;
  readonly position: number;
  readonly userId: string | null;
}

/** The run's thread with its end before the run; locks it, so that runs of a thread queue up here. */
async function openThread(
  trx: Transaction<Tables>,
  { workspaceId, input: { thread, agentId, versionId, userId = null } }: NewRun,
): Promise<OpenThread | null> {
  if (thread === null) return null;
  if (thread.kind === 'new') {
    const { threadId: id, title } = thread;
    await insertThread(trx, workspaceId, { id, agentId, versionId, userId, title });
    return { id, position: 0, userId };
  }
  const row = await trx
    .selectFrom('threads')
    .select(['version_id', 'user_id', 'last_position'])
    .where('workspace_id', '=', workspaceId)
    .where('id', '=', thread.threadId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (row === undefined) throw unknownThread(thread.threadId);
  if (row.version_id !== versionId) {
    throw new AppError('thread.locked', `the thread keeps agent version ${row.version_id}`);
  }
  if (userId !== null && row.user_id !== userId) {
    throw new AppError('thread.other_user', 'the thread does not serve this user');
  }
  const busy = await findBusyRun(trx, workspaceId, thread.threadId);
  if (busy !== null) {
    throw new AppError('thread.busy', `run ${busy} of the thread has not ended; wait for it`);
  }
  return { id: thread.threadId, position: row.last_position, userId: row.user_id };
}

async function insertRun(
  trx: Transaction<Tables>,
  { workspaceId, runId, input }: NewRun,
  thread: OpenThread | null,
): Promise<void> {
  await trx
    .insertInto('runs')
    .values({
      workspace_id: workspaceId,
      id: runId,
      agent_id: input.agentId,
      version_id: input.versionId,
      thread_id: thread?.id ?? null,
      user_id: thread === null ? (input.userId ?? null) : thread.userId,
      thread_position: thread?.position ?? 0,
      last_event_seq: 1,
      created_by: input.principal.apiKeyId,
      input: jsonText(input.input),
    })
    .execute();
}

async function insertCreatedEvent(
  trx: Transaction<Tables>,
  { workspaceId, runId, input }: NewRun,
  version: CompiledVersion,
): Promise<void> {
  await trx
    .insertInto('events')
    .values({
      workspace_id: workspaceId,
      run_id: runId,
      seq: 1,
      type: 'run.created',
      step_id: null,
      at: sql<Date>`clock_timestamp()`,
      data: jsonText({
        agentId: version.agentId,
        agentName: version.agentName,
        versionId: version.id,
        version: version.version,
        threadId: input.thread?.threadId ?? null,
      }),
    })
    .execute();
}
