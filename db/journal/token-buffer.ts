import type { Database } from '../database.ts';
import { jsonText } from '../json-text.ts';
import type { TokenChunk } from '../../contracts/journal.ts';

/** Pieces of text that come within this time are written as one. */
const COALESCE_MS = 75;

/** Gathers pieces of models' texts and writes them in batches. */
export interface TokenBuffer extends AsyncDisposable {
  append(chunk: TokenChunk): void;
  /** Writes the step's pieces now; null for a step that has none under way. */
  flushStep(runId: string, stepId: string): Promise<void> | null;
}

/**
 * Pieces are a convenience: what cannot be written is dropped, for the step's result carries the
 * whole text.
 */
export function createTokenBuffer(database: Database): TokenBuffer {
  let chunks = new Map<string, TokenChunk>();
  let timer: NodeJS.Timeout | undefined;
  let flight: { readonly keys: ReadonlySet<string>; readonly done: Promise<void> } | null = null;

  function start(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const batch = chunks;
    chunks = new Map();
    const keys = new Set([...batch.values()].map(stepKey));
    const before = flight?.done ?? Promise.resolve();
    // One after the other: text of a step must not be overtaken by its continuation.
    const done = before.then(() => write(database, [...batch.values()]));
    const own = { keys: new Set([...keys, ...(flight?.keys ?? [])]), done };
    flight = own;
    void done.then(() => {
      if (flight === own) flight = null;
    });
    return done;
  }

  return {
    append: (chunk) => {
      if (chunk.text === '') return;
      const key = `${stepKey(chunk)} ${chunk.attempt} ${chunk.stream ?? ''}`;
      const before = chunks.get(key);
      chunks.set(key, before === undefined ? chunk : { ...chunk, text: before.text + chunk.text });
      timer ??= setTimeout(() => void start(), COALESCE_MS);
    },
    flushStep: (runId, stepId) => {
      const key = stepKey({ runId, stepId });
      for (const chunk of chunks.values()) if (stepKey(chunk) === key) return start();
      return flight?.keys.has(key) === true ? flight.done : null;
    },
    [Symbol.asyncDispose]: async () => {
      if (chunks.size > 0) void start();
      clearTimeout(timer);
      await flight?.done;
    },
  };
}

function stepKey(chunk: { readonly runId: string; readonly stepId: string }): string {
  return `${chunk.runId} ${chunk.stepId}`;
}

async function write(database: Database, chunks: readonly TokenChunk[]): Promise<void> {
  const batch = chunks.map((chunk) => ({
    workspace_id: chunk.workspaceId,
    run_id: chunk.runId,
    step_id: chunk.stepId,
    attempt: chunk.attempt,
    text: chunk.text,
    stream: chunk.stream,
  }));
  try {
    await database.pool.query({
      name: 'journal_tokens',
      text: 'select journal_tokens($1)',
      values: [jsonText(batch)],
    });
    database.notifier.notify(chunks.map(({ runId }) => runId));
  } catch {
    // Dropped, see above.
  }
}
