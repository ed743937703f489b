import { segment, type RequestOptions } from './request-options.ts';
import type { SetWorkingValueRequest } from '../contracts/working-memory.schema.ts';
import type { Transport } from './transport.ts';
import type {
  WorkingMemory,
  WorkingMemoryOwner,
  WorkingValue,
} from '../contracts/working-memory.ts';

/** What runs and threads have in mind; each value is gone an hour after its last use. */
export interface WorkingMemories {
  /** All of it; looking is no use. */
  list(owner: WorkingMemoryOwner, options?: RequestOptions): Promise<WorkingMemory>;
  /** Counts as a use. */
  get(owner: WorkingMemoryOwner, key: string, options?: RequestOptions): Promise<WorkingValue>;
  set(
    owner: WorkingMemoryOwner,
    key: string,
    body: SetWorkingValueRequest & RequestOptions,
  ): Promise<WorkingValue>;
  delete(owner: WorkingMemoryOwner, key: string, options?: RequestOptions): Promise<void>;
}

/** The resource `working-memory`. */
export function createWorkingMemories(transport: Transport): WorkingMemories {
  const pathOf = (owner: WorkingMemoryOwner): string =>
    'runId' in owner
      ? `/v1/runs/${segment(owner.runId)}/working-memory`
      : `/v1/threads/${segment(owner.threadId)}/working-memory`;
  const keyOf = (owner: WorkingMemoryOwner, key: string): string =>
    `${pathOf(owner)}/${segment(key)}`;
  return {
    list: (owner, { signal } = {}) =>
      transport.json({ method: 'GET', path: pathOf(owner), signal }),
    get: (owner, key, { signal } = {}) =>
      transport.json({ method: 'GET', path: keyOf(owner, key), signal }),
    set: (owner, key, { signal, ...body }) =>
      transport.json({ method: 'PUT', path: keyOf(owner, key), body, signal }),
    delete: (owner, key, { signal } = {}) =>
      transport.json({
        method: 'DELETE',
        path: keyOf(owner, key),
        signal,
      }),
  };
}
