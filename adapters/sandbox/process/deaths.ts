import type { SandboxRecord } from '../docker/sandbox-folders.ts';
import type { SandboxDeath } from '../port.ts';
import { buryProcess, clearAway } from './bury.ts';
import type { ProcessParts } from './parts.ts';
import { isAlive, type ProcessRef } from './process-tree.ts';
import { takeTurn } from './turn.ts';

const POLL_MS = 100;

/** Notices deaths of the sandboxes that this process is connected to. */
export interface ProcessDeaths extends Disposable {
  /** The same promise for everyone who asks about the same first process. */
  of(record: SandboxRecord, first: ProcessRef): Promise<SandboxDeath>;
}

interface Watched {
  readonly record: SandboxRecord;
  readonly first: ProcessRef;
  readonly death: PromiseWithResolvers<SandboxDeath>;
}

/** Looks after sandboxes by their first processes. */
export function createProcessDeaths(parts: ProcessParts): ProcessDeaths {
  const watched = new Map<string, Watched>();
  const settle = async (entry: Watched): Promise<void> => {
    const { key } = entry.record;
    // A later sandbox of that name may have taken its place while this one was looked at.
    if (watched.get(key) === entry) {
      watched.delete(key);
      await parts.gates.close(key);
    }
    entry.death.resolve(await buryProcess(parts, entry.record));
    await using _turn = await takeTurn(parts.folders.root, key);
    await clearAway(parts, key, entry.first);
  };
  const look = async (): Promise<void> => {
    for (const entry of [...watched.values()]) {
      if (!(await isAlive(entry.first))) void settle(entry).catch(() => undefined);
    }
  };
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look().finally(() => {
      looking = false;
    });
  }, POLL_MS);
  timer.unref();
  return {
    of: (record, first) => {
      const known = watched.get(record.key);
      if (known?.first.startedAt === first.startedAt && known.first.pid === first.pid) {
        return known.death.promise;
      }
      known?.death.resolve({ reason: 'unknown', detail: 'another one has its name' });
      const death = Promise.withResolvers<SandboxDeath>();
      watched.set(record.key, { record, first, death });
      return death.promise;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
