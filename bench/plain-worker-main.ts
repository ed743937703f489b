import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { drive, type Drove, type Load } from './drive.ts';
import { serveParent, tellParent } from './serve-parent.ts';

/** What the workflow calls. */
export interface PlainActivities {
  step(n: number): Promise<number>;
}

const TASK_QUEUE = 'plain';
const WORKFLOWS = fileURLToPath(new URL('./plain-workflow.ts', import.meta.url));

/**
 * Temporal without us at its cheapest: client and worker share a process and a connection, so that
 * workflows start eagerly, and activities are dispatched eagerly.
 */
async function main(address: string, namespace: string): Promise<void> {
  const connection = await NativeConnection.connect({ address });
  const client = new Client({ connection, namespace });
  const activities: PlainActivities = { step: async (n) => n + 1 };
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue: TASK_QUEUE,
    activities: { ...activities },
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: WORKFLOWS,
      logger: new DefaultLogger('ERROR'),
    }),
    maxConcurrentActivityTaskExecutions: 100,
    maxCachedWorkflows: 500,
  });
  const stopped = worker.run();
  const one = async (steps: number): Promise<string> => {
    const workflowId = `plain-${crypto.randomUUID()}`;
    const options = { taskQueue: TASK_QUEUE, workflowId, requestEagerStart: true, args: [steps] };
    const handle = await client.workflow.start('plain', options);
    const counted: unknown = await handle.result();
    if (counted !== steps) throw new Error(`${String(counted)} of ${steps} steps were counted`);
    return workflowId;
  };
  serveParent(
    (message): Promise<Drove> => {
      const load = message as Load;
      return drive(load, () => one(load.steps));
    },
    async () => {
      worker.shutdown();
      await stopped;
      await connection.close();
    },
  );
  tellParent({});
}

const [address = '', namespace = ''] = process.argv.slice(2);
await main(address, namespace);
