import type { RunRef } from '../../contracts/journal.ts';

/** Writes what happens in sandboxes into the audit, many at once: nothing must wait for it. */
export interface AuditRecorder<T> extends AsyncDisposable {
  add(run: RunRef, record: T): void;
}

const DELAY_MS = 250;

/** Keeps records for a moment, then writes those of each run together; `what` names them. */
export function createAuditRecorder<T>(
  write: (run: RunRef, records: readonly T[]) => Promise<void>,
  { what, warn }: { readonly what: string; readonly warn: (sentence: string) => void },
): AuditRecorder<T> {
  const waiting = new Map<string, { readonly run: RunRef; readonly records: T[] }>();
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
          write(run, records).catch((error: unknown) => {
            const why = error instanceof Error ? error.message : String(error);
            warn(`${records.length} ${what} are missing in the audit: ${why}`);
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
