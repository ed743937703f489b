import { setTimeout as sleep } from 'node:timers/promises';
import { LABEL } from './container-options.ts';
import type Docker from 'dockerode';

/** What Docker tells about a container of ours. */
export interface ContainerEvent {
  readonly id: string;
  readonly atMs: number;
  readonly action: 'die' | 'oom' | 'kill' | 'destroy';
  readonly exitCode: number | null;
  readonly signal: number | null;
}

/** One subscription to Docker's events, renewed until it is disposed of. */
export interface DockerEvents extends AsyncDisposable {
  /** Resolves when events are followed; rejects when the daemon cannot be reached at first. */
  readonly ready: Promise<unknown>;
}

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;
const ACTIONS = ['die', 'oom', 'kill', 'destroy'] as const;

interface RawEvent {
  readonly Action?: string;
  readonly timeNano?: number;
  readonly Actor?: { readonly Attributes?: Readonly<Record<string, string>> };
}

function toNumber(text: string | undefined): number | null {
  const value = Number.parseInt(text ?? '', 10);
  return Number.isNaN(value) ? null : value;
}

function toEvent(raw: RawEvent): ContainerEvent | undefined {
  const attributes = raw.Actor?.Attributes ?? {};
  const id = attributes[`${LABEL}.id`];
  const action = ACTIONS.find((name) => name === raw.Action);
  if (id === undefined || action === undefined) return undefined;
  return {
    id,
    action,
    atMs: (raw.timeNano ?? 0) / 1e6,
    exitCode: toNumber(attributes['exitCode']),
    signal: toNumber(attributes['signal']),
  };
}

/** Splits a stream into lines; what comes in pieces is put together. */
async function* linesOf(stream: AsyncIterable<Buffer | string>): AsyncIterable<string> {
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

interface Following {
  readonly docker: Docker;
  readonly installation: string;
  readonly onEvent: (event: ContainerEvent) => void;
  readonly onGap: (reconnected: boolean) => void;
}

/** One stream from its beginning to its end; `position` moves along, in seconds. */
async function followOnce(
  options: Following,
  request: { readonly signal: AbortSignal; readonly position: { since: number | undefined } },
  onOpen: () => void,
): Promise<void> {
  const { position } = request;
  const stream = await options.docker.getEvents({
    abortSignal: request.signal,
    ...(position.since === undefined ? {} : { since: position.since }),
    filters: {
      type: ['container'],
      event: [...ACTIONS],
      label: [`${LABEL}.installation=${options.installation}`],
    },
  });
  // Should the stream be cut before an event came, those from now on are asked for.
  position.since ??= Date.now() / 1e3;
  onOpen();
  stream.setEncoding('utf8');
  for await (const line of linesOf(stream)) {
    if (line.trim() === '') continue;
    const raw = JSON.parse(line) as RawEvent;
    if (raw.timeNano !== undefined) position.since = raw.timeNano / 1e9;
    const event = toEvent(raw);
    if (event !== undefined) options.onEvent(event);
  }
}

/**
 * Follows the events of containers of one installation. After a cut it asks for those it missed;
 * `onGap` hears of each attempt to get back, since a daemon that was started anew forgets them.
 */
export function followDockerEvents(options: Following): DockerEvents {
  const ending = new AbortController();
  const { signal } = ending;
  const first = Promise.withResolvers<null>();
  // Whoever waits for it hears of the failure; without anyone it is none.
  first.promise.catch(() => undefined);
  const state = { opened: false, waitMs: FIRST_RETRY_MS };
  const position = { since: undefined };

  const onOpen = (): void => {
    state.waitMs = FIRST_RETRY_MS;
    if (state.opened) options.onGap(true);
    state.opened = true;
    first.resolve(null);
  };
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await followOnce(options, { signal, position }, onOpen);
      } catch (error) {
        first.reject(error);
      }
      if (isOver(signal) || !state.opened) return;
      options.onGap(false);
      await sleep(state.waitMs, undefined, { signal, ref: false }).catch(() => undefined);
      state.waitMs = Math.min(state.waitMs * 2, LAST_RETRY_MS);
    }
  };
  const running = run();
  return {
    ready: first.promise,
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await running;
    },
  };
}

/** Asked through a call, since it changes while the loop waits. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}
