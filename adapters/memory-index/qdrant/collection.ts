import { QdrantClient, type Schemas } from '@qdrant/js-client-rest';
import { AppError } from '../../../contracts/app-error.ts';
import { unescapeName } from './names.ts';
import { LEXICAL_VECTOR, vectorNameOf } from './point.ts';
import { refusalIn, toIndexError } from './qdrant-failure.ts';
import type { NamedVector } from '../port.ts';

/** Rarity reckoned among a tenant's points alone came with this version. */
const OLDEST = { major: 1, minor: 19 };
const SET_PREFIX = vectorNameOf('');

/** Indexed payload: what every call filters by. */
const INDEXED: readonly (readonly [string, Schemas['PayloadFieldSchema']])[] = [
  ['ns', { type: 'keyword', is_tenant: true }],
  ['generation', 'keyword'],
  ['profile', 'keyword'],
  ['attributes', 'keyword'],
];

/** Where Qdrant is, and how to speak to it. */
export interface QdrantSettings {
  readonly url: string;
  readonly apiKey: string | null;
  /** One for all workspaces. */
  readonly collection: string;
  readonly timeoutMs: number;
}

/** The collection, made when first used, and the vectors that it has. */
export class QdrantCollection {
  readonly #client: QdrantClient;
  readonly #name: string;
  #ready: Promise<void> | null = null;
  #dimensions: ReadonlyMap<string, number> = new Map();

  constructor({ url, apiKey, collection, timeoutMs }: QdrantSettings) {
    const { pathname } = new URL(url);
    this.#name = collection;
    this.#client = new QdrantClient({
      url: new URL('/', url).href,
      prefix: pathname.replace(/\/+$/, ''),
      // As a header: the client prints a warning for keys that it is told as such.
      headers: apiKey === null ? {} : { 'api-key': apiKey },
      timeout: timeoutMs,
      checkCompatibility: false,
    });
  }

  /** Calls Qdrant; failures are ours. */
  async call<T>(ask: (client: QdrantClient, collection: string) => Promise<T>): Promise<T> {
    this.#ready ??= this.#prepare();
    try {
      await this.#ready;
      return await ask(this.#client, this.#name);
    } catch (error) {
      // Whatever it was, the next call looks anew whether the collection is there.
      if (!(error instanceof AppError)) this.#ready = null;
      throw toIndexError(error);
    }
  }

  /** Makes sure of the sets of the vectors; refuses those of other dimensions than their set has. */
  async addSets(vectors: readonly NamedVector[]): Promise<void> {
    for (const { set, values } of vectors) {
      const size = await this.#dimensionsOf(set);
      if (size !== undefined) checkDimensions(values, size);
      else await this.#createSet(set, values.length);
      checkDimensions(values, (await this.#dimensionsOf(set)) ?? values.length);
    }
  }

  /** Whether any workspace has vectors of that set; refuses one of other dimensions. */
  async hasSet({ set, values }: NamedVector): Promise<boolean> {
    const size = await this.#dimensionsOf(set);
    if (size !== undefined) checkDimensions(values, size);
    return size !== undefined;
  }

  /** The names of all sets. */
  async sets(): Promise<readonly string[]> {
    await this.call((client) => this.#readSets(client));
    return [...this.#dimensions.keys()];
  }

  async #dimensionsOf(set: string): Promise<number | undefined> {
    if (!this.#dimensions.has(set)) await this.call((client) => this.#readSets(client));
    return this.#dimensions.get(set);
  }

  /** Another process may do the same at the same time: what counts is that it is there afterwards. */
  async #createSet(set: string, size: number): Promise<void> {
    const config: Schemas['VectorNameConfig'] = { dense: { size, distance: 'Cosine' } };
    try {
      await this.call((client, name) =>
        client.createVectorName(name, vectorNameOf(set), config, { wait: true }),
      );
    } catch (error) {
      if ((await this.#dimensionsOf(set)) === undefined) throw error;
    }
  }

  async #readSets(client: QdrantClient): Promise<void> {
    const { config } = await client.getCollection(this.#name);
    const named = Object.entries(config.params.vectors ?? {}) as [string, { size: number }][];
    this.#dimensions = new Map(
      named.map(([name, { size }]) => [unescapeName(name.slice(SET_PREFIX.length)), size]),
    );
  }

  async #prepare(): Promise<void> {
    try {
      checkVersion((await this.#client.versionInfo()).version);
      const { exists } = await this.#client.collectionExists(this.#name);
      if (!exists) await this.#create();
      for (const [field_name, field_schema] of INDEXED) {
        await this.#client.createPayloadIndex(this.#name, { field_name, field_schema, wait: true });
      }
    } catch (error) {
      this.#ready = null;
      throw error;
    }
  }

  async #create(): Promise<void> {
    try {
      await this.#client.createCollection(this.#name, {
        vectors: {},
        sparse_vectors: { [LEXICAL_VECTOR]: { modifier: 'idf' } },
        // Graphs within tenants alone: nothing is ever asked across them.
        hnsw_config: { m: 0, payload_m: 16 },
        quantization_config: { scalar: { type: 'int8', quantile: 0.99, always_ram: true } },
      });
    } catch (error) {
      const refusal = refusalIn(error);
      if (refusal === null || !/already exists/i.test(refusal.reason)) throw error;
    }
  }
}

function checkVersion(version: unknown): void {
  if (typeof version !== 'string') {
    throw new AppError(
      'service.unavailable',
      'what answers is not a Qdrant server; check QDRANT_URL',
    );
  }
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) return;
  throw new AppError(
    'service.unavailable',
    `Qdrant ${OLDEST.major}.${OLDEST.minor} or newer is needed, and this is ${version}`,
  );
}

function checkDimensions({ length }: Float32Array, dimensions: number): void {
  if (length === dimensions) return;
  throw new AppError(
    'embedding.invalid',
    `a vector has ${length} dimensions where its set has ${dimensions}`,
  );
}
