import { lockGenerations, setGenerations, sweep, type Generations } from './generations.ts';
import { withoutRemoved, writeItems } from './write.ts';
import { AppError } from '../../../contracts/app-error.ts';
import type { Connection, Run } from './connection.ts';
import type { GraphItem } from '../../../contracts/graph.ts';
import { LIMITS } from '../../../contracts/limits.ts';

/** Builds a generation beside the one that is read, and puts it in its place. */
export async function rebuild(
  connection: Connection,
  ns: string,
  items: AsyncIterable<GraphItem>,
): Promise<void> {
  const gen = crypto.randomUUID();
  const change = (after: (before: Generations) => Generations): Promise<void> =>
    connection.write(async (run) => {
      const before = await lockGenerations(run, ns);
      await setGenerations(run, ns, { before, after: after(before) });
    });
  await change(({ current }) => ({ current, building: gen }));
  try {
    for await (const batch of inBatches(items)) {
      await connection.write(async (run) => {
        await lockBuilding(run, ns, gen);
        await writeItems(run, { ns, gen }, await withoutRemoved(run, ns, batch));
      });
    }
    await connection.write(async (run) => {
      const before = await lockBuilding(run, ns, gen);
      await setGenerations(run, ns, { before, after: { current: gen, building: null } });
    });
  } catch (error) {
    await change((now) => (now.building === gen ? { ...now, building: null } : now));
    throw error;
  } finally {
    await sweep(connection, ns);
  }
}

/** Groups items as many at a time as one transaction takes. */
export async function* inBatches<T>(
  items: AsyncIterable<T> | Iterable<T>,
): AsyncGenerator<readonly T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < LIMITS.memoryBatch) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function lockBuilding(run: Run, ns: string, gen: string): Promise<Generations> {
  const generations = await lockGenerations(run, ns);
  if (generations.building === gen) return generations;
  throw new AppError(
    'knowledge_graph.rebuild_superseded',
    'the graph was dropped, or another rebuild of it has begun',
  );
}
