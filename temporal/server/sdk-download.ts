import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './run-command.ts';

const CHILD = fileURLToPath(new URL('./sdk-download-child.ts', import.meta.url));
const SILENCE_MS = 20_000;
const DEADLINE_MS = 5 * 60_000;

/**
 * Lets Temporal's SDK download its dev server into `folder`. The SDK offers no way to cancel a
 * download, so it runs in a process that can be ended: after 20 s in which nothing arrived.
 */
export async function downloadBySdk(folder: string): Promise<string> {
  await runCommand({
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', CHILD, folder],
    deadlineMs: DEADLINE_MS,
    onTick: (elapsedMs) =>
      elapsedMs >= SILENCE_MS && readdirSync(folder).length === 0
        ? `nothing answered within ${SILENCE_MS / 1000} s`
        : undefined,
  });
  const name = readdirSync(folder).find((file) => file.startsWith('temporal'));
  if (name === undefined) throw new Error('the SDK left no binary behind');
  return join(folder, name);
}
