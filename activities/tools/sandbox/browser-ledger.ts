import { randomUUID } from 'node:crypto';
import { AppError } from '../../../contracts/app-error.ts';
import type { Json } from '../../../contracts/json.ts';
import type { Sandbox } from '../../../adapters/sandbox/port.ts';

/** Calls whose outcomes are remembered. */
const KEPT_CALLS = 50;
const SCRIPT_MS = 10_000;
const MAX_BYTES = 1024 * 1024;

/** What the sandbox remembers of a call, and which page was the last. */
export interface LedgerEntry {
  /** `begun`: an attempt began to act, and nobody knows how that ended. */
  readonly state: 'new' | 'begun' | 'done';
  readonly outcome: Json;
  readonly pageId: string | null;
}

/**
 * Reads and writes beside the browser, in the sandbox: what it remembers lives exactly as long as the
 * page on which the calls acted.
 */
const FOLDER =
  'umask 077; mkdir -p /tmp/.holdfast-browser && cd /tmp/.holdfast-browser || exit 1\n';
const READ = `${FOLDER}
head -c 64 page 2>/dev/null; echo
if [ -f "$1/outcome" ]; then echo done; cat "$1/outcome"
elif [ -d "$1" ]; then echo begun; else echo new; fi`;
const BEGIN = `${FOLDER}
mkdir "$1" 2>/dev/null && echo first
ls -t | tail -n +${KEPT_CALLS} | grep -vx page | xargs -r rm -rf --`;
const END = `${FOLDER}
cat > "$1/new" && mv "$1/new" "$1/outcome"`;
const PAGE = `${FOLDER}
printf %s "$1" > page`;

/** What is known of the call. */
export async function readLedger(sandbox: Sandbox, key: string): Promise<LedgerEntry> {
  const [page = '', state = '', ...rest] = (await script(sandbox, [READ, key])).split('\n');
  return {
    state: state === 'done' || state === 'begun' ? state : 'new',
    outcome: state === 'done' ? parseJson(rest.join('\n')) : null,
    pageId: /^[0-9A-F]{1,64}$/.test(page) ? page : null,
  };
}

/** Notes that the call acts from now on; false: another attempt has done so. */
export async function beginCall(sandbox: Sandbox, key: string): Promise<boolean> {
  return (await script(sandbox, [BEGIN, key])).startsWith('first');
}

/** Notes what came of the call. */
export async function endCall(sandbox: Sandbox, key: string, outcome: Json): Promise<void> {
  await script(sandbox, [END, key], Buffer.from(JSON.stringify(outcome)));
}

/** Notes the page to go on with. */
export async function rememberPage(sandbox: Sandbox, pageId: string): Promise<void> {
  await script(sandbox, [PAGE, pageId]);
}

async function script(
  sandbox: Sandbox,
  [code, argument]: readonly [string, string],
  stdin?: Uint8Array,
): Promise<string> {
  await using command = await sandbox.exec({
    commandId: `browser-ledger-${randomUUID()}`,
    argv: ['sh', '-c', code, 'sh', argument],
    ...(stdin === undefined ? {} : { stdin }),
    deadlineMs: SCRIPT_MS,
    maxOutputBytes: MAX_BYTES,
  });
  command.result.catch(() => undefined);
  const chunks: Uint8Array[] = [];
  for await (const { stream, bytes } of command.output) if (stream === 'stdout') chunks.push(bytes);
  const { exitCode } = await command.result;
  if (exitCode === 0) return Buffer.concat(chunks).toString();
  throw new AppError('sandbox.unavailable', "the browser's calls cannot be noted in the sandbox");
}

/** What was noted where code of the sandbox may have changed it; null if it is not JSON. */
function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
