import { describeChanges } from './port-changes.suite.ts';
import { describeFilters } from './port-filters.suite.ts';
import { describeSearch } from './port-search.suite.ts';
import type { MemoryIndex } from './port.ts';

/** What every implementation of `MemoryIndex` does alike; it is opened a few times. */
export function describeMemoryIndex(name: string, open: () => Promise<MemoryIndex>): void {
  describeSearch(name, open);
  describeChanges(name, open);
  describeFilters(name, open);
}
