/** What runs in the thread of a threaded index. */
import { parentPort } from 'node:worker_threads';
import { AppError } from '../../../contracts/app-error.ts';
import { InProcessIndex } from '../in-process/in-process-index.ts';
import type { IndexEntry } from '../port.ts';
import type { FromThread, ThreadCalls, ToThread } from './messages.ts';

interface Rebuild {
  readonly writer: WritableStreamDefaultWriter<readonly IndexEntry[]>;
  readonly count: Promise<number>;
}

const index = new InProcessIndex();
const rebuilds = new Map<number, Rebuild>();
let lastRebuild = 0;

async function* singly(
  batches: AsyncIterable<readonly IndexEntry[]>,
): AsyncGenerator<IndexEntry, void> {
  for await (const batch of batches) yield* batch;
}

function rebuildOf(number: number): Rebuild {
  const rebuild = rebuilds.get(number);
  if (rebuild === undefined) throw new AppError('internal', 'there is no such rebuild');
  return rebuild;
}

const calls: ThreadCalls = {
  upsert: (workspaceId, entries) => index.upsert(workspaceId, entries),
  remove: (workspaceId, ids) => index.remove(workspaceId, ids),
  frequencies: (workspaceId, asked) => index.frequencies(workspaceId, asked),
  search: (workspaceId, query) => index.search(workspaceId, query),
  stats: (workspaceId) => index.stats(workspaceId),
  drop: (workspaceId) => index.drop(workspaceId),
  beginRebuild: async (workspaceId) => {
    const { readable, writable } = new TransformStream<readonly IndexEntry[]>();
    const count = index.rebuild(workspaceId, singly(readable));
    // Its failure is told to whoever ends it.
    count.catch(() => undefined);
    lastRebuild += 1;
    rebuilds.set(lastRebuild, { writer: writable.getWriter(), count });
    return lastRebuild;
  },
  feedRebuild: (number, entries) => rebuildOf(number).writer.write(entries),
  endRebuild: async (number, complete) => {
    const { writer, count } = rebuildOf(number);
    rebuilds.delete(number);
    const ended = complete ? writer.close() : writer.abort(new Error('given up'));
    await ended.catch(() => undefined);
    return count;
  },
};

async function answer({ call, method, args }: ToThread): Promise<FromThread> {
  try {
    // The other side calls the methods with their own arguments.
    const work = calls[method] as (...args: readonly unknown[]) => Promise<unknown>;
    return { call, value: await work(...args) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { call, code: error instanceof AppError ? error.code : null, message };
  }
}

parentPort?.on('message', (message: ToThread) => {
  void answer(message).then((result) => parentPort?.postMessage(result));
});
