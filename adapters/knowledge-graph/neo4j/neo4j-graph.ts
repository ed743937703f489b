import { connect, type Connection, type Neo4jSettings, type Run } from './connection.ts';
import { countItems, factsAt, findEntities } from './read.ts';
import {
  currentOf,
  forgetRemovals,
  lockGenerations,
  setGenerations,
  sweep,
  type Scope,
} from './generations.ts';
import { inBatches, rebuild } from './rebuild.ts';
import { neighbourhood, shortestPath } from './walk.ts';
import { noteRemovals, removeItems, withoutRemoved, writeItems } from './write.ts';
import { AppError } from '../../../contracts/app-error.ts';
import type { GraphCounts, GraphItem } from '../../../contracts/graph.ts';
import type { GraphReader, GraphRemoval, KnowledgeGraph } from '../port.ts';
import { rankNear } from '../page-rank.ts';

const NOTHING: GraphCounts = { entities: 0, factVersions: 0 };
/** What was removed longer ago than this cannot be on its way any more. */
const REMOVAL_MS = 7 * 24 * 3_600_000;
const READS = 5;

/** A copy of the graph in Neo4j 5.26 or later; `clock` says what time it is. */
export function createNeo4jGraph(
  settings: Neo4jSettings,
  clock: () => Date = () => new Date(),
): KnowledgeGraph {
  const connection = connect(settings);
  const reader = createReader(connection, clock);
  const counts = (ws: string): Promise<GraphCounts> =>
    readWhole(connection, ws, { nothing: NOTHING, work: countItems });
  return {
    isCopy: true,
    ...reader,
    rank: (ws, request) => rankNear(reader, ws, request),
    apply: (ws, items) => apply(connection, ws, items),
    remove: (ws, removals) => remove(connection, ws, { removals, at: clock().getTime() }),
    rebuild: async (ws, items) => {
      await rebuild(connection, ws, items);
      await forgetRemovals(connection, ws, clock().getTime() - REMOVAL_MS);
      return counts(ws);
    },
    drop: (ws) => drop(connection, ws),
    stats: counts,
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

function createReader(connection: Connection, clock: () => Date): GraphReader {
  const read = <T>(
    ws: string,
    nothing: T,
    work: (run: Run, scope: Scope) => Promise<T>,
  ): Promise<T> => readWhole(connection, ws, { nothing, work });
  const now = clock;
  return {
    findEntities: (ws, search) => read(ws, [], (run, scope) => findEntities(run, scope, search)),
    facts: (ws, request) =>
      read(ws, [], (run, scope) => factsAt(run, scope, { ...request, now: now() })),
    neighbourhood: (ws, request) =>
      read(ws, { entities: [], facts: [], truncated: false }, (run, scope) =>
        neighbourhood(run, scope, { ...request, now: now() }),
      ),
    path: (ws, request) =>
      read(ws, null, (run, scope) => shortestPath(run, scope, { ...request, now: now() })),
  };
}

/** Reads from one generation: what it gave is of no use if that was replaced meanwhile. */
async function readWhole<T>(
  { read }: Connection,
  ns: string,
  {
    nothing,
    work,
  }: {
    readonly nothing: T;
    readonly work: (run: Run, scope: Scope) => Promise<T>;
  },
): Promise<T> {
  for (let reads = 0; reads < READS; reads += 1) {
    const answer = await read(async (run) => {
      const gen = await currentOf(run, ns);
      if (gen === null) return { value: nothing };
      const value = await work(run, { ns, gen });
      return (await currentOf(run, ns)) === gen ? { value } : null;
    });
    if (answer !== null) return answer.value;
  }
  throw new AppError('knowledge_graph.unavailable', 'the graph is being replaced; try again');
}

async function apply(
  { write }: Connection,
  ns: string,
  items: readonly GraphItem[],
): Promise<void> {
  for await (const batch of inBatches(items)) {
    await write(async (run) => {
      const scopes = await lockedScopes(run, ns);
      const wanted = await withoutRemoved(run, ns, batch);
      for (const scope of scopes) await writeItems(run, scope, wanted);
    });
  }
}

async function remove(
  { write }: Connection,
  ns: string,
  { removals, at }: { readonly removals: readonly GraphRemoval[]; readonly at: number },
): Promise<void> {
  for await (const batch of inBatches(removals)) {
    await write(async (run) => {
      const scopes = await lockedScopes(run, ns);
      await noteRemovals(run, ns, { removals: batch, at });
      for (const scope of scopes) await removeItems(run, scope, batch);
    });
  }
}

async function drop(connection: Connection, ns: string): Promise<void> {
  await connection.write(async (run) => {
    const before = await lockGenerations(run, ns);
    const after = { current: crypto.randomUUID(), building: null };
    await setGenerations(run, ns, { before, after });
  });
  await sweep(connection, ns);
  await forgetRemovals(connection, ns, Infinity);
}

/** What is read and what is being built: changes go into both. */
async function lockedScopes(run: Run, ns: string): Promise<readonly Scope[]> {
  const { current, building } = await lockGenerations(run, ns);
  return [current, building].flatMap((gen) => (gen === null ? [] : [{ ns, gen }]));
}
