import { ALL_RUNS, ENDED_MARK, EVENTS_CHANNEL, type Notifier } from './notifier.ts';
import { Client } from 'pg';

/** Wakes those who follow a run or an ingestion when it has new events, in any process. */
export interface EventListener extends AsyncDisposable {
  /** `onChange` may also be called when nothing has changed; returns how to stop. */
  subscribe(id: string, onChange: OnChange): () => void;
}

/** `mayHaveEnded` is false when it has surely not ended with this change. */
export type OnChange = (mayHaveEnded: boolean) => void;

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;

/**
 * One listening connection, made at the first subscription and again whenever it is lost. Whoever
 * has subscribed is woken once the connection stands: what came before it cannot be known. What the
 * process's own notifier tells wakes at once, whether or not the connection stands.
 */
export function createEventListener(connectionString: string, own?: Notifier): EventListener {
  return new Listener(connectionString, own);
}

class Listener implements EventListener {
  readonly #connectionString: string;
  readonly #own: Notifier | undefined;
  readonly #stopHearing: (() => void) | undefined;
  readonly #subscribers = new Map<string, Set<OnChange>>();
  #client: Client | null = null;
  #timer: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #isClosed = false;

  constructor(connectionString: string, own: Notifier | undefined) {
    this.#connectionString = connectionString;
    this.#own = own;
    this.#stopHearing = own?.hear((named) => this.#wakeAllNamed(named));
  }

  subscribe(id: string, onChange: OnChange): () => void {
    if (this.#client === null && this.#timer === undefined && !this.#isClosed) this.#connect();
    // A function of its own: the same one may be subscribed twice.
    const own: OnChange = (mayHaveEnded) => onChange(mayHaveEnded);
    const subscribed = this.#subscribers.get(id) ?? new Set();
    this.#subscribers.set(id, subscribed.add(own));
    return () => {
      subscribed.delete(own);
      if (subscribed.size > 0 || this.#subscribers.get(id) !== subscribed) return;
      this.#subscribers.delete(id);
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#stopHearing?.();
    clearTimeout(this.#timer);
    this.#subscribers.clear();
    await this.#client?.end().catch(() => undefined);
  }

  #connect(): void {
    const client = new Client({
      connectionString: this.#connectionString,
      application_name: 'holdfast listener',
      keepAlive: true,
    });
    this.#client = client;
    const lost = (): void => this.#lost(client);
    client.on('error', lost).on('end', lost);
    client.on('notification', ({ payload, processId }) => {
      if (this.#own?.hasSent(processId) !== true) this.#notified(payload);
    });
    client
      .connect()
      .then(() => client.query(`listen ${EVENTS_CHANNEL}`))
      .then(() => {
        this.#retryMs = FIRST_RETRY_MS;
        this.#wakeAll();
      })
      .catch(lost);
  }

  #lost(client: Client): void {
    if (this.#client !== client) return;
    this.#client = null;
    client.end().catch(() => undefined);
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#connect();
    }, this.#retryMs);
    this.#timer.unref();
    this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
  }

  #notified(payload: string | undefined): void {
    if (payload === undefined || payload === ALL_RUNS) this.#wakeAll();
    else this.#wakeAllNamed(payload.split(','));
  }

  #wakeAllNamed(named: readonly string[]): void {
    if (this.#subscribers.size === 0) return;
    for (const id of named) this.#wakeNamed(id);
  }

  #wakeAll(): void {
    for (const id of [...this.#subscribers.keys()]) this.#wake(id, true);
  }

  #wakeNamed(named: string): void {
    const hasEnded = named.endsWith(ENDED_MARK);
    this.#wake(hasEnded ? named.slice(0, -ENDED_MARK.length) : named, hasEnded);
  }

  #wake(id: string, mayHaveEnded: boolean): void {
    for (const onChange of [...(this.#subscribers.get(id) ?? [])]) onChange(mayHaveEnded);
  }
}
