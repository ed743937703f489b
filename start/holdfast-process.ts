import type { Client } from '@temporalio/client';
import { createApi } from '../api/create-api.ts';
import { startApi } from '../api/start-api.ts';
import { composeInstallation, type Installation } from '../runtime/compose.ts';
import { createCrawlControl } from '../temporal/crawl-control.ts';
import { createIngestionControl } from '../temporal/ingestion-control.ts';
import { serveMetrics } from '../runtime/metrics-server.ts';
import { createFindClosed } from '../temporal/closed-workflow.ts';
import { ensureSweepSchedule } from '../temporal/schedules.ts';
import { startCrawlSweeper } from '../runtime/crawl-sweeper.ts';
import { startIngestionSweeper } from '../runtime/ingestion-sweeper.ts';
import { startReconciler } from '../runtime/reconciler.ts';
import { startSweeper } from '../runtime/sweeper.ts';
import { linkTemporal, linkWorker, toTarget } from '../runtime/temporal-link.ts';
import { startAgentsWorker } from '../workers/agents-worker.ts';
import { startMemoryWorker } from '../workers/memory-worker.ts';
import { workflowBundle } from '../workers/workflow-bundle.ts';
import type { CrawlControl } from '../contracts/crawl-control.ts';
import type { IngestionControl } from '../contracts/ingestion-control.ts';
import type { Config, Secrets } from '../runtime/config.ts';
import type { Logger } from '../runtime/logger.ts';
import type { RunningWorker } from '../workers/polling.ts';
import type { TemporalLink, WorkerLink } from '../runtime/temporal-link.ts';

/** What a process does. */
export type ProcessRole = 'api' | 'worker';

/** What a process of an installation is started with; servers run already. */
export interface HoldfastOptions {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  /** Keys the hashes of API keys; the same for all processes of an installation. */
  readonly keyPepper: string;
  readonly roles: readonly ProcessRole[];
  /** Where the bundled workflow code is kept between starts. */
  readonly cacheDir: string;
  readonly log: Logger;
}

/** A process that serves. */
export interface RunningHoldfast {
  readonly installation: Installation;
  /** The client that runs are started and steered with. */
  readonly temporal: Client;
  /** Null where the process is no API. */
  readonly apiUrl: string | null;
  /** Where its metrics are served; null: nowhere. */
  readonly metricsPort: number | null;
  /** Rejects when the worker breaks; never resolves before `stop`. */
  readonly broken: Promise<void>;
  /** Stops in order: API, worker, connections. */
  stop(): Promise<void>;
}

/** Starts the API, a worker, or both in one process, where runs begin on the worker beside the API. */
export async function startHoldfast(options: HoldfastOptions): Promise<RunningHoldfast> {
  const closing = new AsyncDisposableStack();
  try {
    const installation = closing.use(await composeInstallation(options));
    const { host, port } = options.config.metrics;
    const { metrics } = installation;
    const watched = port === null ? null : closing.use(await serveMetrics(metrics, { host, port }));
    const target = toTarget(options.config, options.secrets, options.temporalAddress);
    const { taskQueue } = options.config.temporal;
    const { link, workers } = options.roles.includes('worker')
      ? await useWorkers(options, installation, closing)
      : { link: closing.use(await linkTemporal(target, taskQueue)), workers: [] };
    closing.use(installation.liveMemory.follow());
    const { runs, journal } = installation;
    const { log } = options;
    const findClosed = createFindClosed(link.client);
    closing.use(startSweeper({ runs, journal, findClosed, control: link.control, log }));
    closing.use(startReconciler({ runs, journal, findClosed, log }));
    const ingestions = createIngestionControl(link.client, options.config.temporal);
    const { knowledge, crawls } = installation;
    closing.use(startIngestionSweeper({ knowledge, control: ingestions, log }));
    const crawlControl = createCrawlControl(link.client, options.config.temporal);
    closing.use(startCrawlSweeper({ crawls, control: crawlControl, log }));
    const apiUrl = options.roles.includes('api')
      ? await useApi(options, { installation, link, ingestions, crawlControl }, closing)
      : null;
    const never = new Promise<void>(() => undefined);
    const broken = Promise.race([never, ...workers.map(({ stopped }) => stopped)]);
    broken.catch(() => undefined);
    return {
      installation,
      temporal: link.client,
      apiUrl,
      metricsPort: watched?.port ?? null,
      broken,
      stop: () => closing.disposeAsync(),
    };
  } catch (error) {
    await closing.disposeAsync();
    throw error;
  }
}

async function useWorkers(
  options: HoldfastOptions,
  installation: Installation,
  closing: AsyncDisposableStack,
): Promise<{ link: TemporalLink; workers: readonly RunningWorker[] }> {
  const { config } = options;
  const target = toTarget(config, options.secrets, options.temporalAddress);
  const link = closing.use(await linkWorker(target, config.temporal.taskQueue));
  closing.use(installation.liveSandboxes.tend());
  closing.use(installation.liveMemory.tend());
  const workers: RunningWorker[] = [];
  closing.defer(() => stopAll(workers));
  await startWorkers(options, { installation, link }, workers);
  await scheduleSweep(options, link);
  return { link, workers };
}

/** Starts a worker for each queue that this process serves. */
async function startWorkers(
  { config, cacheDir }: HoldfastOptions,
  parts: { readonly installation: Installation; readonly link: WorkerLink },
  workers: RunningWorker[],
): Promise<void> {
  const { installation, link } = parts;
  const { namespace, taskQueue } = config.temporal;
  const { queues } = config.worker;
  const place = { connection: link.connection, namespace, taskQueue, ...config.worker };
  if (queues.includes('agents')) {
    const bundlePath = await workflowBundle(cacheDir);
    const { activities } = installation;
    workers.push(await startAgentsWorker({ ...place, activities, bundlePath }));
  }
  if (queues.includes('memory')) {
    const { ingestionActivities, memoryActivities } = installation;
    const activities = { ...ingestionActivities, ...memoryActivities };
    workers.push(await startMemoryWorker({ ...place, activities }));
  }
}

/** One that has broken ends nothing before the others have finished what they do. */
async function stopAll(workers: readonly RunningWorker[]): Promise<void> {
  const ends = workers.map((worker) => worker.stop());
  await Promise.allSettled(ends);
  await Promise.all(ends);
}

/** Without it memories fade in rankings but are never tidied; a worker works on nonetheless. */
async function scheduleSweep({ config, log }: HoldfastOptions, link: TemporalLink): Promise<void> {
  const { taskQueue } = config.temporal;
  const { sweepEveryMs } = config.memory;
  if (sweepEveryMs === 0) return;
  try {
    await ensureSweepSchedule(link.client, { taskQueue, everyMs: sweepEveryMs });
  } catch (error) {
    log.warn(
      { err: error },
      'the sweep of memories could not be scheduled; the next start tries again',
    );
  }
}

/** What an API is made of besides its settings. */
interface ApiParts {
  readonly installation: Installation;
  readonly link: TemporalLink;
  readonly ingestions: IngestionControl;
  readonly crawlControl: CrawlControl;
}

async function useApi(
  options: HoldfastOptions,
  parts: ApiParts,
  closing: AsyncDisposableStack,
): Promise<string> {
  const { installation, link, ingestions, crawlControl } = parts;
  const app = createApi({
    ...installation,
    values: installation.journal,
    control: link.control,
    ...{ ingestions, crawlControl },
    tools: installation.tools.list(),
    checkReady: () => checkReady(installation, link),
    log: options.log,
    corsOrigins: options.config.http.corsOrigins,
  });
  const { host, port } = options.config.http;
  const server = await startApi({ app, host, port });
  closing.defer(() => server.close());
  return server.url;
}

async function checkReady(
  installation: Installation,
  link: TemporalLink,
): Promise<Readonly<Record<string, boolean>>> {
  const succeeds = (call: Promise<unknown>): Promise<boolean> =>
    call.then(
      () => true,
      () => false,
    );
  const [database, temporal] = await Promise.all([
    succeeds(installation.database.pool.query('select 1')),
    succeeds(
      link.client.connection.withDeadline(Date.now() + 2_000, () =>
        link.client.workflowService.getSystemInfo({}),
      ),
    ),
  ]);
  return { database, temporal };
}
