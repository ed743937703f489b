import { HoldfastError } from './holdfast-error.ts';

/** The part of an event that says where it stands. */
export interface Numbered {
  readonly seq: number;
  /** Set on a piece of text, which stands behind the entry `seq`. */
  readonly sub?: number;
}

/** The last event that was delivered. */
export interface StreamCursor {
  /** `12`, `12.3`, or null before the first event. */
  readonly id: () => string | null;
  /** `next` moves the cursor; `known` was delivered before; `gap` says that an entry is missing. */
  readonly take: (event: Numbered) => 'next' | 'known' | 'gap';
}

/** A cursor behind the event with this id; before everything if there is none. */
export function createStreamCursor(after: string | number | undefined): StreamCursor {
  let at: Required<Numbered> | null = after === undefined ? null : parseId(String(after));
  return {
    id: () => {
      if (at === null) return null;
      return at.sub === 0 ? String(at.seq) : `${String(at.seq)}.${String(at.sub)}`;
    },
    take: ({ seq, sub = 0 }) => {
      const last = at ?? { seq: 0, sub: 0 };
      if (seq < last.seq || (seq === last.seq && sub <= last.sub)) return 'known';
      // Pieces of text may be missing, they are pruned; entries of the journal never are.
      const expected = sub === 0 ? last.seq + 1 : last.seq;
      if (seq > expected) return 'gap';
      at = { seq, sub };
      return 'next';
    },
  };
}

function parseId(text: string): Required<Numbered> {
  const match = /^(\d{1,15})(?:\.(\d{1,15}))?$/.exec(text);
  if (match === null) {
    throw new HoldfastError(
      'events.bad_cursor',
      `\`after\` is an event's id such as 12, not ${text}`,
    );
  }
  return { seq: Number(match[1]), sub: Number(match[2] ?? 0) };
}
