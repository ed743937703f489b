import { AT_MOMENT, ENDS_THERE, entitiesOf, momentParameters } from './read.ts';
import { ENTITY, FACT } from './schema.ts';
import { fromFactRow, type FactRow } from './properties.ts';
import type {
  GraphFact,
  GraphMoment,
  GraphPath,
  Neighbourhood,
  NeighbourhoodRequest,
  PathRequest,
} from '../../../contracts/graph.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import type { Run } from './connection.ts';
import type { Scope } from './generations.ts';

interface Now {
  readonly now: Date;
}

interface Walk extends GraphMoment, Now {
  readonly from: readonly string[];
  readonly depth: number;
  /** Whether what was reached is enough. */
  readonly isEnough: (reached: ReadonlyMap<string, number>) => boolean;
}

interface Walked {
  /** Distances by id, the nearest first. */
  readonly reached: ReadonlyMap<string, number>;
  readonly cut: boolean;
}

/** See `GraphReader.neighbourhood`. */
export async function neighbourhood(
  run: Run,
  scope: Scope,
  request: NeighbourhoodRequest & Now,
): Promise<Neighbourhood> {
  const limit = Math.min(request.limit, LIMITS.graphRows);
  const isEnough: Walk['isEnough'] = (reached) => reached.size > limit;
  const walked = await walk(run, scope, { ...request, isEnough });
  const nearest = [...walked.reached].sort(([a, m], [b, n]) => m - n || (a < b ? -1 : 1));
  const ids = nearest.slice(0, limit).map(([id]) => id);
  const known = await entitiesOf(run, scope, { ids, viewerId: request.viewerId });
  const facts = await factsAmong(run, scope, { ...request, ids });
  return {
    entities: known.map((entity) => ({ ...entity, depth: walked.reached.get(entity.id) ?? 0 })),
    facts: facts.slice(0, LIMITS.graphRows),
    truncated: walked.cut || nearest.length > limit || facts.length > LIMITS.graphRows,
  };
}

/** See `GraphReader.path`. */
export async function shortestPath(
  run: Run,
  scope: Scope,
  { from, to, ...request }: PathRequest & Now,
): Promise<GraphPath | null> {
  const isEnough: Walk['isEnough'] = (reached) => reached.has(to);
  const { reached } = await walk(run, scope, { ...request, from: [from], isEnough });
  let depth = reached.get(to);
  if (depth === undefined) return null;
  const waves = Map.groupBy(reached.keys(), (id) => reached.get(id));
  const [ids, facts]: [string[], GraphFact[]] = [[to], []];
  // The distances from the beginning are known: each step back takes a fact to one that is nearer.
  for (let id = to; depth > 0; depth -= 1) {
    const step = await stepTo(run, scope, { ...request, id, nearer: waves.get(depth - 1) ?? [] });
    // What was there when the walk came by has gone since.
    if (step === null) return null;
    id = step.next;
    ids.unshift(id);
    facts.unshift(fromFactRow(scope.ns, step));
  }
  const entities = await entitiesOf(run, scope, { ids, viewerId: request.viewerId });
  return entities.length === ids.length ? { entities, facts } : null;
}

/** Wave by wave. A limit ends the walk where it stands: what is left out is what is farthest. */
async function walk(run: Run, scope: Scope, request: Walk): Promise<Walked> {
  const { viewerId, isEnough } = request;
  const starts = await entitiesOf(run, scope, { ids: [...new Set(request.from)], viewerId });
  const reached = new Map(starts.slice(0, LIMITS.graphRows).map(({ id }) => [id, 0]));
  const most = Math.min(request.depth, LIMITS.graphDepth);
  let wave = [...reached.keys()];
  for (let depth = 1; depth <= most && wave.length > 0 && !isEnough(reached); depth += 1) {
    const left = LIMITS.graphRows - reached.size;
    const next = await nextWave(run, scope, { ...request, wave, seen: reached, left });
    wave = next.slice(0, left);
    for (const id of wave) reached.set(id, depth);
    if (next.length > left) return { reached, cut: true };
  }
  return { reached, cut: false };
}

async function nextWave(
  run: Run,
  scope: Scope,
  request: Walk & {
    readonly wave: readonly string[];
    readonly seen: ReadonlyMap<string, number>;
    readonly left: number;
  },
): Promise<readonly string[]> {
  const rows = await run<{ readonly id: string }>(
    `MATCH (e:${ENTITY}) WHERE e.ns = $ns AND e.gen = $gen AND e.id IN $wave
     MATCH (e)-[f:${FACT}]-(n:${ENTITY})
     WHERE ${AT_MOMENT} AND ${ENDS_THERE}
     RETURN DISTINCT n.id AS id LIMIT toInteger($rows)`,
    {
      ...{ ...scope, ...momentParameters(request, request.now) },
      ...{ wave: request.wave, rows: request.seen.size + request.left + 1 },
    },
  );
  return rows.flatMap(({ id }) => (request.seen.has(id) ? [] : [id]));
}

async function stepTo(
  run: Run,
  scope: Scope,
  request: GraphMoment & Now & { readonly id: string; readonly nearer: readonly string[] },
): Promise<(FactRow & { readonly next: string }) | null> {
  const { id, nearer, now } = request;
  const [row] = await run<FactRow & { readonly next: string }>(
    `MATCH (e:${ENTITY}) WHERE e.ns = $ns AND e.gen = $gen AND e.id = $id
     MATCH (e)-[f:${FACT}]-(n:${ENTITY})
     WHERE ${AT_MOMENT} AND ${ENDS_THERE} AND $nearer[n.id]
     RETURN n.id AS next, properties(f) AS fact,
       startNode(f).id AS source, endNode(f).id AS target
     ORDER BY f.confidence DESC, f.id LIMIT 1`,
    { ...scope, ...momentParameters(request, now), id, nearer: setOf(nearer) },
  );
  return row ?? null;
}

async function factsAmong(
  run: Run,
  scope: Scope,
  request: GraphMoment & Now & { readonly ids: readonly string[] },
): Promise<readonly GraphFact[]> {
  const rows = await run<FactRow>(
    `MATCH (e:${ENTITY}) WHERE e.ns = $ns AND e.gen = $gen AND e.id IN $ids
     MATCH (e)-[f:${FACT}]->(n:${ENTITY})
     WHERE ${AT_MOMENT} AND ${ENDS_THERE} AND $among[n.id]
     RETURN properties(f) AS fact, e.id AS source, n.id AS target
     ORDER BY f.id, f.version LIMIT ${LIMITS.graphRows + 1}`,
    {
      ...{ ...scope, ...momentParameters(request, request.now) },
      ...{ ids: request.ids, among: setOf(request.ids) },
    },
  );
  return rows.map((row) => fromFactRow(scope.ns, row));
}

/** A parameter to look ids up in: a list is searched from its beginning for every row. */
function setOf(ids: readonly string[]): Readonly<Record<string, boolean>> {
  return Object.fromEntries(ids.map((id) => [id, true]));
}
