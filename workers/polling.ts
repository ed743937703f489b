import { Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker';

/** Where a worker polls. */
export interface PollingPlace {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
}

/** A worker that is polling. */
export interface RunningWorker {
  /** Resolves when the worker has stopped; rejects when it broke. */
  readonly stopped: Promise<void>;
  /** Finishes what runs, within the grace time, and stops polling. */
  stop(): Promise<void>;
}

/** A cancelled activity learns of it with a heartbeat: this is how long a stop may take. */
const MAX_HEARTBEAT_THROTTLE_MS = 1_000;
const SHUTDOWN_GRACE_MS = 5_000;

/** Starts polling. */
export async function startPolling(options: WorkerOptions): Promise<RunningWorker> {
  const worker = await Worker.create({
    ...options,
    maxHeartbeatThrottleInterval: MAX_HEARTBEAT_THROTTLE_MS,
    defaultHeartbeatThrottleInterval: MAX_HEARTBEAT_THROTTLE_MS,
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
  });
  const stopped = worker.run();
  stopped.catch(() => undefined);
  return {
    stopped,
    stop: async () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await stopped;
    },
  };
}
