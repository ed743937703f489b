import { ALL_RUNS, EVENTS_CHANNEL } from './notifier.ts';
import { Client } from 'pg';

/** Wakes those who follow a run when its journal has grown, in any process. */
export interface EventListener extends AsyncDisposable {
  /** `onChange` may also be called when nothing has changed; returns how to stop. */
  subscribe(runId: string, onChange: () => void): () => void;
}

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;

/**
 * One listening connection, made at the first subscription and again whenever it is lost. Whoever
 * subscribes is woken once the connection stands: what came before cannot be known.
 */
export function createEventListener(connectionString: string): EventListener {
  const subscribers = new Map<string, Set<() => void>>();
  let client: Client | null = null;
  let timer: NodeJS.Timeout | undefined;
  let retryMs = FIRST_RETRY_MS;
  let isClosed = false;

  function wake(runId: string): void {
    for (const onChange of [...(subscribers.get(runId) ?? [])]) onChange();
  }

  function wakeAll(): void {
    for (const runId of [...subscribers.keys()]) wake(runId);
  }

  function connect(): void {
    const fresh = new Client({
      connectionString,
      application_name: 'holdfast listener',
      keepAlive: true,
    });
    client = fresh;
    let isLost = false;
    const lost = (): void => {
      if (isLost) return;
      isLost = true;
      if (client === fresh) client = null;
      fresh.end().catch(() => undefined);
      if (isClosed) return;
      timer = setTimeout(() => {
        timer = undefined;
        connect();
      }, retryMs);
      timer.unref();
      retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
    };
    fresh.on('error', lost).on('end', lost);
    fresh.on('notification', ({ payload }) => {
      if (payload === undefined || payload === ALL_RUNS) wakeAll();
      else for (const runId of payload.split(',')) wake(runId);
    });
    fresh
      .connect()
      .then(() => fresh.query(`listen ${EVENTS_CHANNEL}`))
      .then(() => {
        retryMs = FIRST_RETRY_MS;
        wakeAll();
      })
      .catch(lost);
  }

  return {
    subscribe: (runId, onChange) => {
      if (client === null && timer === undefined && !isClosed) connect();
      const own = (): void => onChange();
      const ofRun = subscribers.get(runId) ?? new Set();
      subscribers.set(runId, ofRun.add(own));
      return () => {
        ofRun.delete(own);
        if (ofRun.size === 0 && subscribers.get(runId) === ofRun) subscribers.delete(runId);
      };
    },
    [Symbol.asyncDispose]: async () => {
      isClosed = true;
      clearTimeout(timer);
      subscribers.clear();
      await client?.end().catch(() => undefined);
    },
  };
}
