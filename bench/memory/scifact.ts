import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createFeatureReranker } from '../../adapters/rerankers/features/feature-reranker.ts';
import { createHashEmbedder } from '../../adapters/embedders/hash/hash-embedder.ts';
import type { Ranked } from '../../adapters/rerankers/port.ts';
import { discountedGain } from './quality.ts';
import { toDocumentFrequencies } from '../../activities/memory/search-index.ts';
import { vectorSetOf } from '../../contracts/embedding.ts';
import type { IndexEntry, IndexQuery, MemoryIndex } from '../../adapters/memory-index/port.ts';

/** Mean nDCG@10 over all claims, for each way to search. */
export interface SciFactQuality {
  readonly claims: number;
  readonly lexical: number;
  readonly dense: number;
  readonly hybrid: number;
  /** The same, put into its final order by what is computed from texts. */
  readonly reranked: number;
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
const LIMIT = 10;
/** Candidates of a recall of ten. */
const RERANKED = 50;
const RERANKER = createFeatureReranker();

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
  const textOf = new Map(corpus.map(({ id, text }) => [id, text]));
  const embedded = await EMBEDDER.embed(
    corpus.map(({ text }) => text),
    { use: 'document' },
  );
  await using index = open();
  await index.upsert(
    WORKSPACE,
    corpus.map(({ id, text }, place) => toEntry(id, text, at(embedded, place))),
  );
  const sums = { lexical: 0, dense: 0, hybrid: 0, reranked: 0 };
  for (const { _id, text } of claims) {
    const vector = { set: SET, values: await embedClaim(index, text) };
    const find = async (
      query: Pick<IndexQuery, 'text' | 'vector'>,
      limit = LIMIT,
    ): Promise<readonly Ranked[]> =>
      (await index.search(WORKSPACE, { ...QUERY, ...query, limit })).hits;
    const gain = (found: readonly Ranked[]): number =>
      discountedGain(
        found.map(({ id }) => id),
        relevant.get(_id) ?? new Set(),
        LIMIT,
      );
    sums.lexical += gain(await find({ text, vector: null }));
    sums.dense += gain(await find({ text: null, vector }));
    const pool = await find({ text, vector }, RERANKED);
    sums.hybrid += gain(pool);
    const candidates = pool.map(({ id, score }) => ({
      ...{ id, text: textOf.get(id) ?? '' },
      features: { score },
    }));
    const { results } = await RERANKER.rerank(text, candidates, { limit: LIMIT });
    sums.reranked += gain(results);
  }
  const mean = (sum: number): number => sum / claims.length;
  return {
    claims: claims.length,
    lexical: mean(sums.lexical),
    dense: mean(sums.dense),
    hybrid: mean(sums.hybrid),
    reranked: mean(sums.reranked),
  };
}

const QUERY = {
  profile: 'document',
  fusion: { kind: 'weighted_sum', denseWeight: DENSE_WEIGHT },
  filter: null,
  decayAt: null,
  explain: false,
} as const satisfies Partial<IndexQuery>;

/** As recall embeds a question. */
async function embedClaim(index: MemoryIndex, text: string): Promise<Float32Array> {
  const told = await index.frequencies(WORKSPACE, { profile: 'document', text });
  const options = {
    use: 'query',
    ...(told === null ? {} : { frequencies: toDocumentFrequencies(told) }),
  } as const;
  return at(await EMBEDDER.embed([text], options), 0);
}

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
