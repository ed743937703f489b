import { Client } from 'pg';

/** Channel on which processes tell each other whose journal has grown. */
export const EVENTS_CHANNEL = 'holdfast_events';
/** Payload that stands for all runs. */
export const ALL_RUNS = '*';
/** Behind the id of a run that has ended. */
export const ENDED_MARK = '!';

/** PostgreSQL refuses payloads of 8,000 bytes. */
const MAX_PAYLOAD_BYTES = 7_900;
const RETRY_MS = 500;

/** Tells all processes that runs have new events. */
export interface Notifier extends AsyncDisposable {
  /**
   * Never waits and never throws; runs named while one message is on its way share the next. Those
   * who only wait for ends are woken by runs in `ended` alone.
   */
  notify(runIds: Iterable<string>, ended?: ReadonlySet<string>): void;
}

/**
 * Has a connection of its own, made when it is first needed: a transaction that notifies takes a
 * lock of the whole database, which no commit of a journal should wait for.
 */
export function createNotifier(connectionString: string): Notifier {
  const pending = new Set<string>();
  let client: Client | null = null;
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
    client = fresh;
    return fresh;
  }

  async function sendAll(): Promise<void> {
    while (pending.size > 0) {
      const ids = [...pending];
      pending.clear();
      const list = ids.join(',');
      const payload = list.length <= MAX_PAYLOAD_BYTES ? list : ALL_RUNS;
      try {
        const to = await connected();
        await to.query({
          name: 'notify',
          text: `select pg_notify('${EVENTS_CHANNEL}', $1)`,
          values: [payload],
        });
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
      for (const id of runIds) pending.add(ended?.has(id) === true ? `${id}${ENDED_MARK}` : id);
      sending ??= sendAll().finally(() => {
        sending = null;
      });
    },
    [Symbol.asyncDispose]: async () => {
      isClosed = true;
      await sending;
      await client?.end();
    },
  };
}
