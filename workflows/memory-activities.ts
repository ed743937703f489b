import { type ActivityInterfaceFor, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { ActivityOptions } from '@temporalio/workflow';
import { memoryQueue } from '../contracts/task-queues.ts';

/** What most of these activities are told first. */
interface Ref {
  readonly workspaceId?: string;
}

type Calls = Record<string, (ref?: Ref) => Promise<unknown>>;

/**
 * Activities that workers of memory execute; which queue theirs is, only the running workflow knows.
 * Each workspace gets its turn there, however much another one has waiting.
 */
export function memoryActivities<A>(options: ActivityOptions): ActivityInterfaceFor<A> {
  const call = (name: string, ref?: Ref): Promise<unknown> | undefined => {
    const taskQueue = memoryQueue(workflowInfo().taskQueue);
    const fairnessKey = ref?.workspaceId;
    const priority = fairnessKey === undefined ? {} : { priority: { fairnessKey } };
    const activities = proxyActivities<Calls>({ ...options, ...priority, taskQueue });
    return ref === undefined ? activities[name]?.() : activities[name]?.(ref);
  };
  const get = (_: unknown, name: string) => (ref?: Ref) => call(name, ref);
  return new Proxy({}, { get }) as ActivityInterfaceFor<A>;
}
