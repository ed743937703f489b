import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningHoldfast } from './holdfast-process.ts';

/** The Holdfast of this process, replaced by a new one when its worker breaks. */
export interface KeptHoldfast {
  readonly first: RunningHoldfast;
  stop(): Promise<void>;
}

const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 30_000;

/** Starts Holdfast and starts it again whenever it breaks; only the first start's failure is thrown. */
export async function keepHoldfast(
  start: () => Promise<RunningHoldfast>,
  log: (line: string) => void,
): Promise<KeptHoldfast> {
  const first = await start();
  let stopping = false;
  const state: Keeping = { current: first, isStopping: () => stopping };
  void replaceWhenBroken(state, start, log);
  const stop = async (): Promise<void> => {
    stopping = true;
    await state.current.stop();
  };
  return { first, stop };
}

interface Keeping {
  current: RunningHoldfast;
  isStopping(): boolean;
}

async function replaceWhenBroken(
  state: Keeping,
  start: () => Promise<RunningHoldfast>,
  log: (line: string) => void,
): Promise<void> {
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
    const reason = await reasonOf(state.current.broken);
    if (reason === undefined || state.isStopping()) return;
    log(`The worker broke (${reason}); starting it again in ${delayMs} ms`);
    await reasonOf(state.current.stop());
    await sleep(delayMs);
    if (state.isStopping()) return;
    try {
      state.current = await start();
      log('The worker runs again');
    } catch (error) {
      log(`Starting failed: ${String(error)}`);
    }
  }
}

async function reasonOf(promise: Promise<unknown>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
