import { Worker } from 'node:worker_threads';
import { AppError } from '../../contracts/app-error.ts';
import type { BrowserEngineName } from '../../contracts/sandbox.ts';
import type { FromThread, PageMethod, ToThread } from './engine-messages.ts';
import type { MessageSocket } from './websocket.ts';
import type { TabRequest } from './tab.ts';

const MAX_HEAP_MB = 512;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: AppError) => void;
}

/** An engine in a thread of its own, which serves one page at a time. */
export class EngineClient {
  readonly #worker: Worker;
  readonly #calls = new Map<number, Waiting>();
  #socket: MessageSocket | null = null;
  #page = 0;
  #call = 0;
  /** False: it has ended, and every call is refused. */
  alive = true;
  pageId = '';

  constructor(engine: BrowserEngineName) {
    this.#worker = new Worker(new URL('./engine-thread.ts', import.meta.url), {
      workerData: { engine },
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    // An idle one must not keep the process.
    this.#worker.unref();
    this.#worker.on('message', (message: FromThread) => this.#receive(message));
    this.#worker.on('error', () => this.#end());
    this.#worker.on('exit', () => this.#end());
  }

  /** Takes over a page; the connection is closed when the page is, or the thread ends. */
  async open(socket: MessageSocket, request: TabRequest, events: readonly string[]): Promise<void> {
    this.#page += 1;
    const page = this.#page;
    this.#socket = socket;
    socket.onMessage = (text) => this.#post({ kind: 'message', page, text });
    socket.onClose = () => {
      this.#post({ kind: 'closed', page });
      this.#failCalls('the connection to the browser was lost');
    };
    await this.#ask((call) => ({ kind: 'open', page, call, request, events }));
  }

  /** Calls a method of the page. */
  call(method: PageMethod, args: readonly unknown[]): Promise<unknown> {
    return this.#ask((call) => ({ kind: 'call', page: this.#page, call, method, args }));
  }

  async terminate(): Promise<void> {
    this.#end();
    await this.#worker.terminate();
  }

  #ask(toMessage: (call: number) => ToThread): Promise<unknown> {
    if (!this.alive) return Promise.reject(ended());
    this.#call += 1;
    const call = this.#call;
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject });
      this.#post(toMessage(call));
    });
  }

  #post(message: ToThread): void {
    if (this.alive) this.#worker.postMessage(message);
  }

  #receive(message: FromThread): void {
    switch (message.kind) {
      case 'message':
        if (message.page === this.#page) this.#socket?.send(message.text);
        return;
      case 'close':
        if (message.page === this.#page) this.#socket?.close();
        return;
      case 'result':
      case 'error': {
        const waiting = this.#calls.get(message.call);
        this.#calls.delete(message.call);
        this.pageId = message.pageId;
        if (message.kind === 'result') waiting?.resolve(message.value);
        else waiting?.reject(new AppError(message.code, message.message));
      }
    }
  }

  #end(): void {
    if (!this.alive) return;
    this.alive = false;
    this.#socket?.close();
    this.#failCalls('the browser engine ended');
  }

  #failCalls(sentence: string): void {
    for (const { reject } of this.#calls.values()) {
      reject(new AppError('sandbox.unavailable', sentence));
    }
    this.#calls.clear();
  }
}

function ended(): AppError {
  return new AppError('sandbox.unavailable', 'the browser engine ended');
}
