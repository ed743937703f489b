import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { historyToJSON, type historyFromJSON } from '@temporalio/common/lib/proto-utils.js';

/** A workflow's history, as Temporal gives it. */
export type History = ReturnType<typeof historyFromJSON>;

/** Recorded histories; `HOLDFAST_RECORD=1` writes those of this run there. */
export const GOLDEN = fileURLToPath(new URL('../histories', import.meta.url));

/** The folder that code was built in, which need not be this one: packages are linked, bundles are kept. */
const FOLDER =
  /\(\/[^()\s]*?(?=(?:node_modules|activities|adapters|contracts|db|engine|workflows)\/)/g;

/** Keeps a history for replays to come, if that is asked for; without the folders of a machine. */
export async function recordHistory(name: string, history: History): Promise<void> {
  if (process.env['HOLDFAST_RECORD'] === undefined) return;
  await mkdir(GOLDEN, { recursive: true });
  const text = historyToJSON(history).replaceAll(FOLDER, '(');
  await writeFile(join(GOLDEN, `${name}.json`), `${text}\n`);
}
