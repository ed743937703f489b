import type { RequestRecord } from '../../contracts/sandbox-audit.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { SandboxStore } from '../../db/stores/sandbox-store.ts';

/** Writes requests to the network into the audit, many at once: they must not wait for it. */
export interface RequestRecorder extends AsyncDisposable {
  add(run: RunRef, record: RequestRecord): void;
}

const DELAY_MS = 250;

/** Keeps requests for a moment, then records those of each run together. */
export function createRequestRecorder(
  sandboxes: Pick<SandboxStore, 'recordRequests'>,
  warn: (sentence: string) => void,
): RequestRecorder {
  const waiting = new Map<string, { readonly run: RunRef; readonly records: RequestRecord[] }>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<unknown> = Promise.resolve();

  const flush = (): Promise<unknown> => {
    clearTimeout(timer);
    timer = undefined;
    const batches = [...waiting.values()];
    waiting.clear();
    writing = writing.then(() =>
      Promise.all(
        batches.map(({ run, records }) =>
          sandboxes.recordRequests(run, records).catch((error: unknown) => {
            const why = error instanceof Error ? error.message : String(error);
            warn(`${records.length} requests to the network are missing in the audit: ${why}`);
          }),
        ),
      ),
    );
    return writing;
  };
  return {
    add: ({ workspaceId, runId }, record) => {
      const key = `${workspaceId}/${runId}`;
      const batch = waiting.get(key) ?? { run: { workspaceId, runId }, records: [] };
      batch.records.push(record);
      waiting.set(key, batch);
      timer ??= setTimeout(() => void flush(), DELAY_MS);
    },
    [Symbol.asyncDispose]: async () => {
      await flush();
    },
  };
}
