import { AppError } from '../../contracts/app-error.ts';
import { connectDevtools, replacePages } from './devtools.ts';
import { within } from './within.ts';
import type { BrowserConnection, BrowserPage, PageState, PageText, PageVisit } from './port.ts';
import type { EngineClient } from './engine-client.ts';

const CONNECT_MS = 6_000;

/** Engines that wait for their next page. */
export interface EnginePool {
  take(): EngineClient;
  give(client: EngineClient): void;
}

/**
 * Takes over the browser's page. One that does not answer is given up for an empty one: engines ask
 * every page when they connect, so that it would hold up all that follows.
 */
export async function openPage(
  connection: BrowserConnection,
  pool: EnginePool,
): Promise<BrowserPage> {
  const opened = await tryOpening(connection, pool);
  if (opened !== null) return opened;
  await replacePages(() => connection.dial());
  const again = await tryOpening({ ...connection, pageId: null }, pool, [
    'the page did not answer any more and was closed; this one is new',
  ]);
  if (again !== null) return again;
  throw new AppError('sandbox.unavailable', 'the browser does not answer');
}

/** Null when no page could be had in time. */
async function tryOpening(
  connection: BrowserConnection,
  pool: EnginePool,
  events: readonly string[] = [],
): Promise<BrowserPage | null> {
  const { signal, pageId, dialogs } = connection;
  signal.throwIfAborted();
  const socket = await connectDevtools(() => connection.dial());
  const client = pool.take();
  const disconnect = (): void => socket.close();
  signal.addEventListener('abort', disconnect, { once: true });
  try {
    const opening = client.open(socket, { pageId, dialogs }, events);
    await within(opening, CONNECT_MS, 'no page answers');
    return new RemotePage(client, () => {
      signal.removeEventListener('abort', disconnect);
      disconnect();
      pool.give(client);
    });
  } catch {
    signal.removeEventListener('abort', disconnect);
    disconnect();
    await client.terminate();
    signal.throwIfAborted();
    return null;
  }
}

/** A page in an engine's thread; what that answers is our own code's. */
class RemotePage implements BrowserPage {
  readonly #client: EngineClient;
  readonly #release: () => void;

  constructor(client: EngineClient, release: () => void) {
    this.#client = client;
    this.#release = release;
  }

  get id(): string {
    return this.#client.pageId;
  }

  navigate(...args: Parameters<BrowserPage['navigate']>): Promise<PageVisit> {
    return this.#client.call('navigate', args) as Promise<PageVisit>;
  }

  back(...args: Parameters<BrowserPage['back']>): Promise<PageVisit> {
    return this.#client.call('back', args) as Promise<PageVisit>;
  }

  async click(...args: Parameters<BrowserPage['click']>): Promise<void> {
    await this.#client.call('click', args);
  }

  async type(...args: Parameters<BrowserPage['type']>): Promise<void> {
    await this.#client.call('type', args);
  }

  async waitFor(...args: Parameters<BrowserPage['waitFor']>): Promise<void> {
    await this.#client.call('waitFor', args);
  }

  extract(...args: Parameters<BrowserPage['extract']>): Promise<PageText> {
    return this.#client.call('extract', args) as Promise<PageText>;
  }

  screenshot(...args: Parameters<BrowserPage['screenshot']>): Promise<Uint8Array> {
    return this.#client.call('screenshot', args) as Promise<Uint8Array>;
  }

  pdf(): Promise<Uint8Array> {
    return this.#client.call('pdf', []) as Promise<Uint8Array>;
  }

  state(): Promise<PageState> {
    return this.#client.call('state', []) as Promise<PageState>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#release();
  }
}
