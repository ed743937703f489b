/**
 * What runs in an engine's thread. The libraries trust what a browser tells them; whoever runs code in
 * the sandbox can speak in its place, and would end the whole process by it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { AppError } from '../../contracts/app-error.ts';
import { openDrivenPage } from './driven-page.ts';
import type { BrowserPage } from './port.ts';
import type { EngineThreadData, FromThread, PageMethod, ToThread } from './engine-messages.ts';
import type { MessageSocket } from './websocket.ts';
import type { OpenTab } from './tab.ts';

const { engine } = workerData as EngineThreadData;
const openTab: OpenTab =
  engine === 'playwright'
    ? (await import('./playwright-engine.ts')).openTab
    : (await import('./puppeteer-engine.ts')).openTab;

interface Served {
  readonly number: number;
  readonly socket: MessageSocket;
  page: BrowserPage | null;
}

let served: Served | null = null;

parentPort?.on('message', (message: ToThread) => {
  if (message.kind === 'open') {
    served = { number: message.page, socket: createSocket(message.page), page: null };
    void answer(message.call, open(served, message));
    return;
  }
  const current = served;
  if (current?.number !== message.page) return;
  switch (message.kind) {
    case 'message':
      current.socket.onMessage(message.text);
      return;
    case 'closed':
      served = null;
      current.socket.onClose();
      return;
    case 'call':
      void answer(message.call, callPage(current, message));
  }
});

function post(message: FromThread): void {
  parentPort?.postMessage(message);
}

function createSocket(page: number): MessageSocket {
  return {
    send: (text) => post({ kind: 'message', page, text }),
    close: () => post({ kind: 'close', page }),
    onMessage: () => undefined,
    onClose: () => undefined,
  };
}

async function open(target: Served, { request, events }: ToThread & { readonly kind: 'open' }) {
  const tab = await openTab(target.socket, request);
  for (const event of events) tab.log.add(event);
  target.page = await openDrivenPage(tab, () => target.socket.close());
}

async function callPage(
  { page }: Served,
  { method, args }: ToThread & { readonly kind: 'call' },
): Promise<unknown> {
  if (page === null) throw new AppError('sandbox.unavailable', 'there is no page');
  // The other side calls the page's methods with their own arguments.
  const methods = page as unknown as Readonly<Record<PageMethod, (...args: unknown[]) => unknown>>;
  return methods[method](...args);
}

async function answer(call: number, work: Promise<unknown>): Promise<void> {
  const pageId = (): string => served?.page?.id ?? '';
  try {
    const value = await work;
    post({ kind: 'result', call, value, pageId: pageId() });
  } catch (error) {
    const code = error instanceof AppError ? error.code : 'sandbox.unavailable';
    const message = error instanceof Error ? error.message : String(error);
    post({ kind: 'error', call, code, message, pageId: pageId() });
  }
}
