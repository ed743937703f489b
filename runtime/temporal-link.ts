import { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { connectClient, connectWorker, type TemporalTarget } from '../temporal/connection.ts';
import { createRunControl } from '../temporal/run-control.ts';
import type { Config, Secrets } from './config.ts';
import type { RunControl } from '../contracts/run-control.ts';

/** A process's way to Temporal. */
export interface TemporalLink extends AsyncDisposable {
  readonly client: Client;
  readonly control: RunControl;
}

/** A link whose connection a worker polls on too, so that runs start eagerly in that worker. */
export interface WorkerLink extends TemporalLink {
  readonly connection: NativeConnection;
}

/** Where the configured server is. */
export function toTarget(config: Config, secrets: Secrets, address: string): TemporalTarget {
  return {
    address,
    namespace: config.temporal.namespace,
    ...(config.temporal.tls ? { tls: true } : {}),
    ...(secrets.temporalApiKey === null ? {} : { apiKey: secrets.temporalApiKey }),
  };
}

/** For processes without a worker. */
export async function linkTemporal(
  target: TemporalTarget,
  taskQueue: string,
): Promise<TemporalLink> {
  const opened = await connectClient(target);
  return {
    client: opened.client,
    control: createRunControl(opened.client, { eagerStart: false, taskQueue }),
    [Symbol.asyncDispose]: () => opened.close(),
  };
}

/** For processes with a worker. */
export async function linkWorker(target: TemporalTarget, taskQueue: string): Promise<WorkerLink> {
  const connection = await connectWorker(target);
  const client = new Client({ connection, namespace: target.namespace });
  return {
    connection,
    client,
    control: createRunControl(client, { eagerStart: true, taskQueue }),
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
