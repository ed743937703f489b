import { appendFileSync, closeSync, fsyncSync, openSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One call that reached the server, and whether it took effect. */
export interface Delivery {
  readonly label: string;
  readonly tool: string;
  readonly key: string;
  readonly applied: boolean;
}

/** What a call asks of the server; `hold` stops its first delivery until it is released. */
interface EffectRequest {
  readonly label: string;
  readonly tool: string;
  readonly hold?: 'before' | 'after';
}

/** A server outside Holdfast that counts what really happened. */
export interface ToolServer {
  readonly url: string;
  deliveries(label?: string): readonly Delivery[];
  /** Calls that wait before or after their effect. */
  held(): readonly string[];
  /** Lets held calls of a label, and later ones, go on. */
  release(label: string): void;
  close(): Promise<void>;
}

interface State {
  readonly journal: number;
  readonly deliveries: Delivery[];
  readonly results: Map<string, string>;
  readonly held: Map<string, () => void>;
  readonly heldOnce: Set<string>;
}

/** Starts the server on a free port; every delivery is appended to `journalFile` before the answer. */
export async function startToolServer(journalFile: string): Promise<ToolServer> {
  const state: State = {
    journal: openSync(journalFile, 'a'),
    deliveries: [],
    results: new Map(),
    held: new Map(),
    heldOnce: new Set(),
  };
  const server = createServer((request, response) => {
    handle(state, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    deliveries: (label) =>
      state.deliveries.filter((item) => label === undefined || item.label === label),
    held: () => [...state.held.keys()],
    release: (label) => state.held.get(label)?.(),
    close: async () => {
      for (const release of state.held.values()) release();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      closeSync(state.journal);
    },
  };
}

async function handle(
  state: State,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = JSON.parse(Buffer.concat(chunks).toString()) as EffectRequest;
  const key = String(request.headers['idempotency-key'] ?? '');
  if (body.hold === 'before' && (await hold(state, body.label, response)) === 'gone') return;
  const text = apply(state, body, key);
  if (body.hold === 'after') await hold(state, body.label, response);
  response.writeHead(200, { 'content-type': 'application/json' }).end(text);
}

/** Waits for the release of the label's first delivery; `gone` when the caller has died. */
async function hold(state: State, label: string, response: ServerResponse): Promise<string> {
  if (state.heldOnce.has(label)) return 'released';
  state.heldOnce.add(label);
  const why = await new Promise<string>((resolve) => {
    state.held.set(label, () => resolve('released'));
    response.on('close', () => resolve('gone'));
  });
  state.held.delete(label);
  return why;
}

function apply(state: State, body: EffectRequest, key: string): string {
  const known = body.tool === 'sink_keyed' ? state.results.get(key) : undefined;
  const delivery: Delivery = {
    label: body.label,
    tool: body.tool,
    key,
    applied: known === undefined,
  };
  state.deliveries.push(delivery);
  appendFileSync(state.journal, `${JSON.stringify(delivery)}\n`);
  fsyncSync(state.journal);
  if (known !== undefined) return known;
  const count = state.deliveries.filter((item) => item.label === body.label && item.applied).length;
  const text = JSON.stringify({ label: body.label, effect: count });
  state.results.set(key, text);
  return text;
}
