import { startProcess, type TestProcess } from '../harness/processes.ts';
import type { IngestionWorkerOrder } from './ingestion-worker.ts';

/** A worker of ingestions as a process of its own, to be killed. */
export async function startIngestionProcess(order: IngestionWorkerOrder): Promise<TestProcess> {
  const started = await startProcess({
    file: 'tests/fakes/ingestion-worker-main.ts',
    args: [JSON.stringify(order)],
    env: {},
    ready: (line) => (line.includes('worker is ready') ? true : null),
  });
  return started.process;
}
