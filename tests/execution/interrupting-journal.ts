import type { Journal } from '../../contracts/journal.ts';

/** The process died here. */
export class Interruption extends Error {}

/** Where a process dies: at the n-th write, before it is written or after. */
export interface Death {
  readonly nth: number;
  readonly when: 'before' | 'after';
}

/** A journal that lets its process die at a write, and counts the writes. */
export interface InterruptingJournal {
  readonly journal: Journal;
  writes(): number;
}

/** Once dead, nothing is written any more: whoever goes on has another process. */
export function interruptJournal(inner: Journal, death: Death | null): InterruptingJournal {
  let writes = 0;
  let dead = false;
  const dying = async <T>(write: () => Promise<T>): Promise<T> => {
    if (dead) throw new Interruption('dead');
    writes += 1;
    const now = writes === death?.nth;
    if (now && death.when === 'before') {
      dead = true;
      throw new Interruption('died before writing');
    }
    const result = await write();
    if (now) {
      dead = true;
      throw new Interruption('died after writing');
    }
    return result;
  };
  return {
    journal: {
      ...inner,
      commit: (unit) => dying(() => inner.commit(unit)),
      reserve: (reservation) => dying(() => inner.reserve(reservation)),
    },
    writes: () => writes,
  };
}
