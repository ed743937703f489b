import { startIngestionWorker, type IngestionWorkerOrder } from './ingestion-worker.ts';

/** A worker of ingestions as a process of its own, to be killed. */
await startIngestionWorker(JSON.parse(process.argv[2] ?? '') as IngestionWorkerOrder);
process.stdout.write('the worker is ready\n');
