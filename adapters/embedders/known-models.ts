import type { EmbedUse } from './port.ts';

/** What models need that their services do not tell. */
export interface KnownModel {
  /** Numbers of a vector when nobody asks for fewer. */
  readonly dim: number;
  readonly prefixes: Readonly<Record<EmbedUse, string>>;
}

/** Before texts of models that take them as they are. */
export const NO_PREFIXES = { query: '', document: '' } as const;

const RETRIEVE = 'Represent this sentence for searching relevant passages: ';
const E5 = { query: 'query: ', document: 'passage: ' };
const NOMIC = { query: 'search_query: ', document: 'search_document: ' };
const ENGLISH = { query: RETRIEVE, document: '' };

const KNOWN: Readonly<Record<string, KnownModel>> = {
  'text-embedding-3-small': { dim: 1_536, prefixes: NO_PREFIXES },
  'text-embedding-3-large': { dim: 3_072, prefixes: NO_PREFIXES },
  'text-embedding-ada-002': { dim: 1_536, prefixes: NO_PREFIXES },
  'gemini-embedding-001': { dim: 3_072, prefixes: NO_PREFIXES },
  'nomic-embed-text': { dim: 768, prefixes: NOMIC },
  'nomic-embed-text-v1.5': { dim: 768, prefixes: NOMIC },
  'mxbai-embed-large': { dim: 1_024, prefixes: ENGLISH },
  'mxbai-embed-large-v1': { dim: 1_024, prefixes: ENGLISH },
  'bge-m3': { dim: 1_024, prefixes: NO_PREFIXES },
  'bge-small-en-v1.5': { dim: 384, prefixes: ENGLISH },
  'bge-base-en-v1.5': { dim: 768, prefixes: ENGLISH },
  'bge-large-en-v1.5': { dim: 1_024, prefixes: ENGLISH },
  'multilingual-e5-small': { dim: 384, prefixes: E5 },
  'multilingual-e5-base': { dim: 768, prefixes: E5 },
  'multilingual-e5-large': { dim: 1_024, prefixes: E5 },
  'all-minilm': { dim: 384, prefixes: NO_PREFIXES },
  'all-minilm-l6-v2': { dim: 384, prefixes: NO_PREFIXES },
};

/** What is known of a model, whatever its owner and its tag: `BAAI/bge-m3`, `bge-m3:latest`. */
export function knownModel(name: string): KnownModel | null {
  const bare = name.replace(/^.*\//, '').replace(/:.*$/, '').toLowerCase();
  return Object.hasOwn(KNOWN, bare) ? (KNOWN[bare] ?? null) : null;
}
