import { createReconnect } from './reconnect.ts';
import { HoldfastError, toHoldfastError } from './holdfast-error.ts';
import { isJsonObject } from '../contracts/json.ts';
import { isTerminal } from '../contracts/status.ts';
import type { Run } from '../contracts/records.ts';
import { readText } from './byte-stream.ts';
import { segment } from './request-options.ts';
import type { Transport } from './transport.ts';

/** How long to wait, and for what. */
export interface WaitOptions {
  /** Rejects with `client.timeout` when the run has not ended by then; for ever by default. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Rejects with the run's own code when it failed or was cancelled; false by default. */
  readonly throwOnFailure?: boolean;
}

/** One request waits no longer than this: proxies give up on requests that last for ever. */
const ONE_WAIT_MS = 240_000;
/** The service sends a sign of life every second. */
const SILENCE_MS = 30_000;
/** Between two requests, so that a service that answers at once is not asked without end. */
const PAUSE_MS = 250;

/** Waits until the run has ended, over as many requests and connections as it takes. */
export async function waitForRun(
  transport: Transport,
  runId: string,
  options: WaitOptions,
): Promise<Run> {
  const { signal } = options;
  const deadline = options.timeoutMs === undefined ? Infinity : Date.now() + options.timeoutMs;
  const reconnect = createReconnect(transport.pacing);
  for (;;) {
    const timeoutMs = Math.min(ONE_WAIT_MS, deadline - Date.now());
    if (timeoutMs <= 0) {
      throw new HoldfastError('client.timeout', `the run ${runId} has not ended in time`);
    }
    const run = await ask(transport, { runId, timeoutMs, signal }).catch((error: unknown) =>
      // Rejects when asking again does not help.
      reconnect.pause(error, signal),
    );
    if (run === undefined) continue;
    reconnect.alive();
    if (isTerminal(run.status)) return settle(run, options.throwOnFailure ?? false);
    await transport.pacing.sleep(PAUSE_MS, signal);
  }
}

interface Ask {
  readonly runId: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** One request: the run as it is when it ends or when the time is over. */
async function ask(transport: Transport, { runId, timeoutMs, signal }: Ask): Promise<Run> {
  const response = await transport.once({
    method: 'GET',
    path: `/v1/runs/${segment(runId)}/wait`,
    query: { timeoutMs: Math.ceil(timeoutMs) },
    signal,
  });
  let text = '';
  if (response.body !== null) {
    for await (const piece of readText(response.body, { silenceMs: SILENCE_MS, signal })) {
      text += piece.trim() === '' && text === '' ? '' : piece;
    }
  }
  const requestId = response.headers.get('x-request-id');
  const answer = parseJson(text);
  // A failure behind the first bytes comes with the status that was sent already.
  if (isProblem(answer)) throw toHoldfastError(answer.status, requestId, text);
  if (!isRun(answer))
    throw new HoldfastError('client.network', 'the answer was cut', { requestId });
  return answer;
}

function settle(run: Run, throwOnFailure: boolean): Run {
  if (!throwOnFailure || run.status === 'succeeded') return run;
  if (run.error !== null) throw new HoldfastError(run.error.code, run.error.message);
  throw new HoldfastError('run.cancelled', `the run ${run.id} was cancelled`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isProblem(value: unknown): value is { readonly status: number } {
  return (
    isJsonObject(value) && typeof value['code'] === 'string' && typeof value['status'] === 'number'
  );
}

function isRun(value: unknown): value is Run {
  return isJsonObject(value) && typeof value['id'] === 'string' && !('code' in value);
}
