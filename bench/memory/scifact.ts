import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createHashEmbedder } from '../../adapters/embedders/hash/hash-embedder.ts';
import { discountedGain } from './quality.ts';
import { frequenciesOf } from './frequencies.ts';
import { vectorSetOf } from '../../contracts/embedding.ts';
import type { IndexEntry, IndexQuery, MemoryIndex } from '../../adapters/memory-index/port.ts';

/** Mean nDCG@10 over all claims, for each way to search. */
export interface SciFactQuality {
  readonly claims: number;
  readonly lexical: number;
  readonly dense: number;
  readonly hybrid: number;
  /** The same, where queries are weighed by how rare terms are in the corpus. */
  readonly weighed: number;
}

interface Line {
  readonly _id: string;
  readonly title?: string;
  readonly text: string;
}

const WORKSPACE = 'ws_scifact';
const EMBEDDER = createHashEmbedder(1_024);
const SET = vectorSetOf(EMBEDDER.ref);
const DENSE_WEIGHT = 0.3;

/** Searches SciFact, test split in BEIR's form, in a folder that the caller has. */
export async function measureSciFact(
  open: () => MemoryIndex,
  folder: string,
): Promise<SciFactQuality> {
  const corpus = (await readLines(folder, 'corpus.jsonl')).map(({ _id, title, text }) => ({
    id: _id,
    text: `${title ?? ''} ${text}`,
  }));
  const claims = await readLines(folder, 'queries.jsonl');
  const relevant = await readJudgements(folder);
  const frequencies = frequenciesOf(corpus.map(({ text }) => text));
  const embedded = await EMBEDDER.embed(
    corpus.map(({ text }) => text),
    { use: 'document' },
  );
  const asked = claims.map(({ text }) => text);
  const plain = await EMBEDDER.embed(asked, { use: 'query' });
  const weighed = await EMBEDDER.embed(asked, { use: 'query', frequencies });
  await using index = open();
  await index.upsert(
    WORKSPACE,
    corpus.map(({ id, text }, place) => toEntry(id, text, at(embedded, place))),
  );
  const sums = { lexical: 0, dense: 0, hybrid: 0, weighed: 0 };
  for (const [place, { _id, text }] of claims.entries()) {
    const vector = { set: SET, values: at(plain, place) };
    const gain = async (query: Pick<IndexQuery, 'text' | 'vector'>): Promise<number> => {
      const { hits } = await index.search(WORKSPACE, { ...QUERY, ...query });
      return discountedGain(
        hits.map(({ id }) => id),
        relevant.get(_id) ?? new Set(),
        QUERY.limit,
      );
    };
    sums.lexical += await gain({ text, vector: null });
    sums.dense += await gain({ text: null, vector });
    sums.hybrid += await gain({ text, vector });
    sums.weighed += await gain({ text, vector: { set: SET, values: at(weighed, place) } });
  }
  const mean = (sum: number): number => sum / claims.length;
  return {
    claims: claims.length,
    lexical: mean(sums.lexical),
    dense: mean(sums.dense),
    hybrid: mean(sums.hybrid),
    weighed: mean(sums.weighed),
  };
}

const QUERY = {
  profile: 'document',
  fusion: { kind: 'weighted_sum', denseWeight: DENSE_WEIGHT },
  filter: null,
  limit: 10,
  decayAt: null,
  explain: false,
} as const satisfies Partial<IndexQuery>;

function at(vectors: readonly Float32Array[], place: number): Float32Array {
  return vectors[place] ?? new Float32Array(EMBEDDER.ref.dim);
}

function toEntry(id: string, text: string, values: Float32Array): IndexEntry {
  const vectors = [{ set: SET, values }];
  const rest = { version: 1, session: null, attributes: {}, retention: null };
  return { id, profile: 'document', text, vectors, ...rest };
}

async function readLines(folder: string, name: string): Promise<readonly Line[]> {
  const text = await readFile(path.join(folder, name), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

async function readJudgements(folder: string): Promise<ReadonlyMap<string, Set<string>>> {
  const text = await readFile(path.join(folder, 'qrels.tsv'), 'utf8');
  const relevant = new Map<string, Set<string>>();
  for (const line of text.trim().split('\n').slice(1)) {
    const [claim = '', document = '', score = '0'] = line.split('\t');
    if (Number(score) <= 0) continue;
    relevant.set(claim, (relevant.get(claim) ?? new Set()).add(document));
  }
  return relevant;
}
