import { Client } from 'pg';

/** Channel on which processes tell each other which runs and ingestions have new events. */
export const EVENTS_CHANNEL = 'holdfast_events';
/** Payload that stands for all of them. */
export const ALL_RUNS = '*';
/** Behind the id of one that has ended. */
export const ENDED_MARK = '!';

/** PostgreSQL refuses payloads of 8,000 bytes. */
const MAX_PAYLOAD_BYTES = 7_900;
const RETRY_MS = 500;
/** Runs that grow this soon after a message share the next one. */
const COALESCE_MS = 10;
const NOTIFY = `select pg_notify('${EVENTS_CHANNEL}', $1)`;
const PREPARE = `select set_config('synchronous_commit', 'off', false), pg_backend_pid() as pid`;

/** Hears which runs have grown by this process; ids may bear `ENDED_MARK`. */
export type OnGrown = (named: readonly string[]) => void;

/** Tells all processes that runs have new events. */
export interface Notifier extends AsyncDisposable {
  /**
   * Never waits and never throws; runs named while one message is on its way share the next. Those
   * who only wait for ends are woken by runs in `ended` alone.
   */
  notify(runIds: Iterable<string>, ended?: ReadonlySet<string>): void;
  /** Tells what this process notifies, without a detour by the database; returns how to stop. */
  hear(onGrown: OnGrown): () => void;
  /** Whether a message came from here: those who hear know it already. */
  hasSent(processId: number): boolean;
}

/**
 * Has a connection of its own, made when it is first needed: a transaction that notifies takes a
 * lock of the whole database, which no commit of a journal should wait for. It is not flushed
 * either: behind a crash of the database all listeners connect again and wake everybody.
 */
export function createNotifier(connectionString: string): Notifier {
  const pending = new Set<string>();
  const hearers = new Set<OnGrown>();
  let client: Client | null = null;
  let processId: number | undefined;
  let sending: Promise<void> | null = null;
  let isClosed = false;

  async function connected(): Promise<Client> {
    if (client !== null) return client;
    const fresh = new Client({ connectionString, application_name: 'holdfast notifier' });
    const forget = (): void => {
      if (client === fresh) client = null;
    };
    fresh.on('error', forget).on('end', forget);
    await fresh.connect();
    const { rows } = await fresh.query<{ pid: number }>(PREPARE);
    client = fresh;
    processId = rows[0]?.pid;
    return fresh;
  }

  async function sendAll(): Promise<void> {
    while (pending.size > 0) {
      const ids = [...pending];
      pending.clear();
      try {
        const to = await connected();
        await to.query({ name: 'notify', text: NOTIFY, values: [payloadOf(ids)] });
        await new Promise((resolve) => setTimeout(resolve, COALESCE_MS));
      } catch {
        if (isClosed) return;
        for (const id of ids) pending.add(id);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  }

  return {
    notify: (runIds, ended) => {
      if (isClosed) return;
      const named = [...runIds].map((id) => (ended?.has(id) === true ? `${id}${ENDED_MARK}` : id));
      for (const id of named) pending.add(id);
      for (const onGrown of hearers) onGrown(named);
      sending ??= sendAll().finally(() => {
        sending = null;
      });
    },
    hear: (onGrown) => {
      hearers.add(onGrown);
      return () => hearers.delete(onGrown);
    },
    hasSent: (by) => by === processId,
    [Symbol.asyncDispose]: async () => {
      isClosed = true;
      await sending;
      await client?.end();
    },
  };
}

function payloadOf(ids: readonly string[]): string {
  const list = ids.join(',');
  return list.length <= MAX_PAYLOAD_BYTES ? list : ALL_RUNS;
}
