import { parseArgs } from 'node:util';

/** What the measurement of memory is asked for. */
export interface MemoryBenchOptions {
  /** Smaller: for a look, not for a record. */
  readonly quick: boolean;
  /** A folder with SciFact's test split in BEIR's form; null to leave it out. */
  readonly scifact: string | null;
  /** A Qdrant whose answers' quality is measured too; its speed is not ours. */
  readonly qdrantUrl: string | null;
}

const USAGE = `npm run bench -- memory [options]
  --quick          1,000 and 10,000 memories instead of 10,000 and 100,000
  --scifact DIR    a folder with corpus.jsonl, queries.jsonl and qrels.tsv of SciFact (BEIR)
  --qdrant URL     measures the quality of answers of a Qdrant too, in a collection of its own`;

/** Reads the command line; throws with the usage when something in it makes no sense. */
export function parseMemoryOptions(args: readonly string[]): MemoryBenchOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        scifact: { type: 'string' },
        qdrant: { type: 'string' },
      },
    });
    const { quick, scifact = null, qdrant = null } = values;
    return { quick, scifact, qdrantUrl: qdrant };
  } catch (error) {
    throw new Error(USAGE, { cause: error });
  }
}
