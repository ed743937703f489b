import { describeCommits } from './journal-suite/commits.ts';
import { describeHumanTasks } from './journal-suite/human-tasks.ts';
import { describeReading } from './journal-suite/reading.ts';
import type { JournalBench } from './journal-suite/bench.ts';

/** What every implementation of the journal does. */
export function describeJournal(name: string, open: () => JournalBench): void {
  describeCommits(name, open);
  describeHumanTasks(name, open);
  describeReading(name, open);
}
