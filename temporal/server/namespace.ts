import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@temporalio/client';
import { isGrpcServiceError } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { AppError } from '../../contracts/app-error.ts';
import { SEARCH_ATTRIBUTE_NAMES } from '../search-attributes.ts';

const DAY_MS = 86_400_000;
const VISIBLE_DEADLINE_MS = 30_000;
const POLL_MS = 250;
const CALL_TIMEOUT_MS = 10_000;
const GRPC_NOT_FOUND = 5;
const GRPC_ALREADY_EXISTS = 6;
/** `IndexedValueType.KEYWORD`. */
const KEYWORD = 2;

/**
 * Creates the namespace if the server lacks it and waits until every frontend knows it. One that
 * exists keeps its retention: it may belong to somebody else too.
 */
export async function ensureNamespace(
  connection: Connection,
  namespace: string,
  retentionDays: number,
): Promise<void> {
  if (await exists(connection, namespace)) return;
  await tolerating(GRPC_ALREADY_EXISTS, () =>
    connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
      connection.workflowService.registerNamespace({
        namespace,
        workflowExecutionRetentionPeriod: msToTs(retentionDays * DAY_MS),
      }),
    ),
  );
  await until(`namespace ${namespace} to appear`, () => isServed(connection, namespace));
}

/** Sets how long closed runs' histories stay in a namespace that is ours. */
export async function setRetention(
  connection: Connection,
  namespace: string,
  retentionDays: number,
): Promise<void> {
  await connection.workflowService.updateNamespace({
    namespace,
    config: { workflowExecutionRetentionTtl: msToTs(retentionDays * DAY_MS) },
  });
}

/** Registers the search attributes that the namespace lacks and waits until they can be used. */
export async function ensureSearchAttributes(
  connection: Connection,
  namespace: string,
): Promise<void> {
  const missing = await missingAttributes(connection, namespace);
  if (missing.length === 0) return;
  const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
  await tolerating(GRPC_ALREADY_EXISTS, () =>
    connection.operatorService.addSearchAttributes({ namespace, searchAttributes }),
  );
  await until(`search attributes ${missing.join(', ')} to appear`, async () => {
    const left = await missingAttributes(connection, namespace);
    return left.length === 0 && (await isListable(connection, namespace));
  });
}

async function exists(connection: Connection, namespace: string): Promise<boolean> {
  const found = await tolerating(GRPC_NOT_FOUND, () =>
    connection.workflowService.describeNamespace({ namespace }),
  );
  return found !== undefined;
}

/** Describing reads the database; only a list call shows that the frontend's cache has caught up. */
async function isServed(connection: Connection, namespace: string): Promise<boolean> {
  const answer = await tolerating(GRPC_NOT_FOUND, () =>
    connection.workflowService.countWorkflowExecutions({ namespace }),
  );
  return answer !== undefined;
}

async function isListable(connection: Connection, namespace: string): Promise<boolean> {
  const query = SEARCH_ATTRIBUTE_NAMES.map((name) => `${name} IS NULL`).join(' AND ');
  try {
    await connection.workflowService.countWorkflowExecutions({ namespace, query });
    return true;
  } catch {
    return false;
  }
}

async function missingAttributes(
  connection: Connection,
  namespace: string,
): Promise<readonly string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return SEARCH_ATTRIBUTE_NAMES.filter((name) => customAttributes[name] === undefined);
}

async function tolerating<T>(code: number, call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (!isGrpcServiceError(error)) throw error;
    const actual: number = error.code;
    if (actual === code) return undefined;
    throw error;
  }
}

async function until(what: string, done: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + VISIBLE_DEADLINE_MS;
  while (!(await done())) {
    if (Date.now() > deadline) {
      throw new AppError('service.unavailable', `waited 30 s for ${what} in Temporal`);
    }
    await sleep(POLL_MS);
  }
}
