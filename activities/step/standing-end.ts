import type { RunEnd } from '../../contracts/frontier.ts';
import type { RunFacts } from '../../contracts/journal.ts';

/** The end of a run that had ended before; its row does not say why it failed. */
export function standingEnd(run: RunFacts, asked: RunEnd): RunEnd {
  switch (run.status) {
    case 'succeeded':
    case 'cancelled':
      return { status: run.status };
    case 'failed':
      if (asked.status === 'failed') return asked;
      return { status: 'failed', error: { code: 'run.failed', message: 'the run had failed' } };
    default:
      return asked;
  }
}
