import { fusionFor } from '../../adapters/memory-index/fusion/fusion-for.ts';
import { makeConversations } from './conversations.ts';
import { recall } from './quality.ts';
import type { IndexQuery, MemoryIndex } from '../../adapters/memory-index/port.ts';

/** Mean recall of planted facts. */
export interface FactRecall {
  readonly turns: number;
  readonly questions: number;
  readonly at5: number;
  readonly at10: number;
}

const WORKSPACE = 'ws_conversations';
/** No two rankings meet here. */
const FUSION = { kind: 'weighted_sum', denseWeight: 0 } as const;

/** Asks for facts that were said once among much small talk. */
export async function measureFactRecall(
  open: () => MemoryIndex,
  size: number,
): Promise<FactRecall> {
  const { turns, questions } = makeConversations(size);
  await using index = open();
  await index.upsert(WORKSPACE, turns);
  const sums = { at5: 0, at10: 0 };
  for (const { text, answers } of questions) {
    const query: IndexQuery = {
      profile: 'dialogue',
      text,
      vector: null,
      fusion: fusionFor('lexical', 'dialogue') ?? FUSION,
      filter: null,
      limit: 10,
      decayAt: null,
      explain: false,
    };
    const hits = (await index.search(WORKSPACE, query)).hits.map(({ id }) => id);
    sums.at5 += recall(hits, answers, 5);
    sums.at10 += recall(hits, answers, 10);
  }
  const count = questions.length;
  return { turns: size, questions: count, at5: sums.at5 / count, at10: sums.at10 / count };
}
