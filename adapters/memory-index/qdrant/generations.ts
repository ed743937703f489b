import { randomBytes } from 'node:crypto';
import type { Schemas } from '@qdrant/js-client-rest';
import { AppError } from '../../../contracts/app-error.ts';
import { pointIdOf } from './point-id.ts';
import type { QdrantCollection } from './collection.ts';

/** A workspace that was never rebuilt is in this generation, and states it nowhere. */
const FIRST_GENERATION = '0';

/** Which generation of a workspace is searched, and which one a rebuild fills. */
export interface Generations {
  readonly current: string;
  readonly next: string | null;
  /** Counts the changes; 0 when nothing is stated. */
  readonly revision: number;
}

/**
 * What a workspace's searches see is stated by one point of its own, as Qdrant changes a single point at
 * once and nothing more: a rebuild fills another generation, then this point names it.
 */
export class GenerationStore {
  readonly #collection: QdrantCollection;

  constructor(collection: QdrantCollection) {
    this.#collection = collection;
  }

  /** What searches see; a guess to be confirmed by reading afterwards. */
  async read(workspaceId: string): Promise<Generations> {
    const ids = [statementId(workspaceId)];
    const [point] = await this.#collection.call((client, name) =>
      client.retrieve(name, { ids, with_payload: true }),
    );
    return fromPayload(point?.payload ?? {});
  }

  /** Opens a generation to be filled, beside the current one; a rebuild that was at it is overtaken. */
  async begin(
    workspaceId: string,
  ): Promise<{ readonly next: string; readonly before: Generations }> {
    const before = await this.read(workspaceId);
    const next = randomBytes(6).toString('hex');
    await this.#change(workspaceId, before, { current: before.current, next });
    if ((await this.read(workspaceId)).next !== next) throw overtaken();
    return { next, before };
  }

  /** Makes the filled generation the current one, unless another rebuild has overtaken this. */
  async finish(workspaceId: string, next: string): Promise<void> {
    const before = await this.read(workspaceId);
    if (before.next !== next) throw overtaken();
    await this.#change(workspaceId, before, { current: next, next: null });
    if ((await this.read(workspaceId)).current !== next) throw overtaken();
  }

  /** Gives up the generation that was being filled. */
  async abandon(workspaceId: string, next: string): Promise<void> {
    const before = await this.read(workspaceId);
    if (before.next === next) {
      await this.#change(workspaceId, before, { current: before.current, next: null });
    }
  }

  /** Of two that change the same statement, the second finds its revision gone and changes nothing. */
  async #change(
    workspaceId: string,
    { revision }: Generations,
    { current, next }: Omit<Generations, 'revision'>,
  ): Promise<void> {
    const point: Schemas['PointStruct'] = {
      id: statementId(workspaceId),
      vector: {},
      payload: { ns: workspaceId, current, next, revision: revision + 1 },
    };
    await this.#collection.call((client, name) =>
      client.upsert(name, {
        points: [point],
        wait: true,
        ordering: 'strong',
        // Stating for the first time inserts; afterwards a dropped workspace must not come back.
        update_mode: revision === 0 ? 'upsert' : 'update_only',
        update_filter: { must: [{ key: 'revision', match: { value: revision } }] },
      }),
    );
  }
}

function statementId(workspaceId: string): string {
  // Generations have names: none is empty.
  return pointIdOf(workspaceId, '', 'generations');
}

function fromPayload({ current, next, revision }: Schemas['Payload']): Generations {
  return {
    current: typeof current === 'string' ? current : FIRST_GENERATION,
    next: typeof next === 'string' ? next : null,
    revision: typeof revision === 'number' ? revision : 0,
  };
}

function overtaken(): AppError {
  return new AppError(
    'memory.conflict',
    'the workspace was dropped or rebuilt anew meanwhile; rebuild it again',
  );
}
