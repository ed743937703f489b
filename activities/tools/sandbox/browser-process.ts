import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../../contracts/app-error.ts';
import type { Command, Sandbox } from '../../../adapters/sandbox/port.ts';
import type { CommandResult } from '../../../contracts/sandbox.ts';
import type { Duplex } from 'node:stream';

const PORT = 9222;
/** The one way out of a sandbox. */
const PROXY = 'http://127.0.0.1:3128';
const STARTS = 10;
const START_MS = 30_000;
const POLL_MS = 50;
/** As long as any sandbox lives. */
const LIFETIME_MS = 24 * 3_600_000;
const MAX_LOG_BYTES = 64 * 1024;
const SHOWN_LOG_CHARS = 500;

/**
 * Chromium by itself would go around the proxy for link-local addresses as well; here nothing but the
 * sandbox's own loopback is reached without it, so that pages can be served inside.
 */
const ARGV = [
  '/opt/holdfast/start-browser',
  `--proxy-server=${PROXY}`,
  '--proxy-bypass-list=<-loopback>;localhost;127.0.0.1;[::1]',
  '--window-size=1280,800',
  '--hide-scrollbars',
];

/** Opens a connection to the browser's DevTools. */
export function dialBrowser(sandbox: Sandbox): Promise<Duplex> {
  return sandbox.dial(PORT);
}

/** Makes sure that the sandbox's browser runs; true if it had to be started. */
export async function startBrowser(sandbox: Sandbox, signal: AbortSignal): Promise<boolean> {
  if (await answers(sandbox)) return false;
  const until = Date.now() + START_MS;
  for (let start = 1; start <= STARTS; start += 1) {
    // Its id is the same for whoever starts it: several that try at once start one.
    await using command = await sandbox.exec({
      commandId: `browser-${start}`,
      argv: ARGV,
      deadlineMs: LIFETIME_MS,
      maxOutputBytes: MAX_LOG_BYTES,
    });
    const ended = await untilItAnswers(sandbox, command, { until, signal });
    if (ended === null) return true;
    if (ended.exitCode === 127 || ended.exitCode === 126) break;
  }
  throw new AppError('tool.refused', "the sandbox's browser does not start; it may lack memory");
}

/** Null when it answers, its end if it ends before. */
async function untilItAnswers(
  sandbox: Sandbox,
  command: Command,
  { until, signal }: { readonly until: number; readonly signal: AbortSignal },
): Promise<CommandResult | null> {
  const ended: { result?: CommandResult } = {};
  command.result.then(
    (result) => {
      ended.result = result;
    },
    () => undefined,
  );
  const log = readLog(command);
  while (Date.now() < until) {
    signal.throwIfAborted();
    if (await answers(sandbox)) return null;
    if (ended.result !== undefined) return ended.result;
    await sleep(POLL_MS, undefined, { signal });
  }
  throw new AppError('sandbox.unavailable', `the browser does not answer: ${log.text()}`);
}

async function answers(sandbox: Sandbox): Promise<boolean> {
  try {
    (await dialBrowser(sandbox)).destroy();
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'sandbox.lost') throw error;
    return false;
  }
}

/** Reads what it writes, for the case that it does not come up. */
function readLog(command: Command): { readonly text: () => string } {
  const decoder = new TextDecoder();
  let read = '';
  const reading = async (): Promise<void> => {
    for await (const { bytes } of command.output) read += decoder.decode(bytes);
  };
  reading().catch(() => undefined);
  return { text: () => read.slice(-SHOWN_LOG_CHARS) };
}
