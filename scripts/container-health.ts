/**
 * Exits with 0 if what runs in this container works: `api` asks its own /health/ready, `worker` asks
 * Temporal whether a worker of this container has polled lately.
 */
import { hostname } from 'node:os';
import proto from '@temporalio/proto';
import { memoryQueue } from '../contracts/task-queues.ts';
import { hasPolledLately } from '../start/worker-health.ts';
import { toConfig, toSecrets } from '../runtime/config.ts';
import { readEnv } from '../runtime/env.ts';
import { toTarget } from '../runtime/temporal-link.ts';
import { connectClient } from '../temporal/connection.ts';

const CALL_MS = 5_000;
const env = readEnv();
const config = toConfig(env);

const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } =
  proto.temporal.api.enums.v1.TaskQueueType;
/** What a worker of each queue polls. */
const POLLED = {
  agents: (name: string) => ({ name, taskQueueType: TASK_QUEUE_TYPE_WORKFLOW }),
  memory: (name: string) => ({
    name: memoryQueue(name),
    taskQueueType: TASK_QUEUE_TYPE_ACTIVITY,
  }),
};

async function apiProblem(): Promise<string | null> {
  const url = `http://127.0.0.1:${config.http.port}/health/ready`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(CALL_MS) });
  return answer.ok ? null : `${answer.status} ${await answer.text()}`;
}

async function workerProblem(): Promise<string | null> {
  const { address, namespace, taskQueue } = config.temporal;
  if (address === null) return 'TEMPORAL_ADDRESS is not set';
  await using temporal = await connectClient(toTarget(config, toSecrets(env), address));
  const { connection } = temporal;
  for (const queue of config.worker.queues) {
    const { name, taskQueueType } = POLLED[queue](taskQueue);
    const { pollers } = await connection.withDeadline(Date.now() + CALL_MS, () =>
      connection.workflowService.describeTaskQueue({
        namespace,
        taskQueue: { name },
        taskQueueType,
      }),
    );
    if (!hasPolledLately(pollers, hostname(), Date.now())) {
      return `no worker of ${hostname()} has polled ${name} lately`;
    }
  }
  return null;
}

async function problem(): Promise<string | null> {
  const role = process.argv[2];
  if (role === 'api') return apiProblem();
  if (role === 'worker') return workerProblem();
  return 'say api or worker';
}

const found = await problem().catch((error: unknown) => String(error));
if (found !== null) process.stdout.write(`${found}\n`);
process.exit(found === null ? 0 : 1);
