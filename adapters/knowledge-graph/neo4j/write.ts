import { ENTITY, FACT, GONE, NAMED, WORD } from './schema.ts';
import type { Entity, GraphFact, GraphItem } from '../../../contracts/graph.ts';
import { earlierEnds, type KnownVersion } from './expiry.ts';
import { toEntityProperties, toFactProperties } from './properties.ts';
import type { GraphRemoval } from '../port.ts';
import type { Run } from './connection.ts';
import type { Scope } from './generations.ts';
import { wordsOf } from '../../../contracts/entity-name.ts';

/** What of it was not removed before. */
export async function withoutRemoved(
  run: Run,
  ns: string,
  items: readonly GraphItem[],
): Promise<readonly GraphItem[]> {
  const keys = items.map((item) => ({ kind: item.kind, id: keyOf(item).id }));
  const gone = await run<GraphRemoval>(
    `UNWIND $keys AS key
     MATCH (x:${GONE}) WHERE x.ns = $ns AND x.kind = key.kind AND x.id = key.id
     RETURN DISTINCT x.kind AS kind, x.id AS id, x.version AS version`,
    { ns, keys },
  );
  const versions = new Map(gone.map(({ kind, id, version }) => [`${kind} ${id}`, version]));
  return items.filter((item) => {
    const { id, version } = keyOf(item);
    return version >= (versions.get(`${item.kind} ${id}`) ?? 0);
  });
}

/** Writes entities and versions of facts into one generation. */
export async function writeItems(
  run: Run,
  scope: Scope,
  items: readonly GraphItem[],
): Promise<void> {
  const entities = items.flatMap((item) => (item.kind === 'entity' ? [item.entity] : []));
  const facts = items.flatMap((item) => (item.kind === 'fact' ? [item.fact] : []));
  if (entities.length > 0) await writeEntities(run, scope, entities);
  if (facts.length > 0) await writeFacts(run, scope, facts);
}

/** Remembers what is gone, in whatever generation it may turn up. */
export async function noteRemovals(
  run: Run,
  ns: string,
  { removals, at }: { readonly removals: readonly GraphRemoval[]; readonly at: number },
): Promise<void> {
  await run(
    `UNWIND $removals AS r
     MERGE (x:${GONE} {ns: $ns, kind: r.kind, id: r.id})
     SET x.at = $at,
       x.version = CASE WHEN x.version > r.version THEN x.version ELSE r.version END`,
    { ns, at, removals: removals.map(({ kind, id, version }) => ({ kind, id, version })) },
  );
}

/** Removes from one generation. */
export async function removeItems(
  run: Run,
  scope: Scope,
  removals: readonly GraphRemoval[],
): Promise<void> {
  const of = (wanted: GraphRemoval['kind']) =>
    removals.flatMap(({ kind, id, version }) => (kind === wanted ? [{ id, version }] : []));
  await run(
    `UNWIND $removals AS r
     MATCH ()-[f:${FACT}]->()
     WHERE f.ns = $ns AND f.gen = $gen AND f.id = r.id AND f.version < r.version
     DELETE f`,
    { ...scope, removals: of('fact') },
  );
  await run(
    `UNWIND $removals AS r
     MATCH (e:${ENTITY}) WHERE e.ns = $ns AND e.gen = $gen AND e.id = r.id
       AND coalesce(e.version, 0) < r.version
     OPTIONAL MATCH (e)-[:${NAMED}]->(w:${WORD})
     DETACH DELETE w, e`,
    { ...scope, removals: of('entity') },
  );
}

async function writeEntities(run: Run, scope: Scope, entities: readonly Entity[]): Promise<void> {
  const changed = await run<{ readonly id: string; readonly name: string; readonly was?: string }>(
    `UNWIND $rows AS row
     MERGE (e:${ENTITY} {ns: $ns, gen: $gen, id: row.id})
     WITH e, row, e.name AS was WHERE coalesce(e.version, 0) < row.version
     SET e += row
     RETURN row.id AS id, row.name AS name, was`,
    { ...scope, rows: newestOf(entities).map(toEntityProperties) },
  );
  const renamed = changed.filter(({ name, was }) => name !== was);
  if (renamed.length === 0) return;
  await run(
    `UNWIND $ids AS id
     MATCH (e:${ENTITY} {ns: $ns, gen: $gen, id: id})-[:${NAMED}]->(w:${WORD})
     DETACH DELETE w`,
    { ...scope, ids: renamed.map(({ id }) => id) },
  );
  await run(
    `UNWIND $rows AS row
     MATCH (e:${ENTITY} {ns: $ns, gen: $gen, id: row.id})
     UNWIND row.words AS word
     CREATE (e)-[:${NAMED}]->(:${WORD} {ns: $ns, gen: $gen, word: word})`,
    { ...scope, rows: renamed.map(({ id, name }) => ({ id, words: wordsOf(name) })) },
  );
}

async function writeFacts(run: Run, scope: Scope, facts: readonly GraphFact[]): Promise<void> {
  const rows = [...new Map(facts.map((fact) => [`${fact.version} ${fact.id}`, fact])).values()];
  const ids = [...new Set(facts.map(({ id }) => id))];
  // An entity that has not arrived yet has no version, and is not there for readers.
  await run(`UNWIND $ids AS id MERGE (:${ENTITY} {ns: $ns, gen: $gen, id: id})`, {
    ...scope,
    ids: [...new Set(facts.flatMap(({ sourceId, targetId }) => [sourceId, targetId]))].sort(),
  });
  // Found by the index of facts: an end may have very many of them.
  await run(
    `UNWIND $rows AS row
     OPTIONAL MATCH ()-[old:${FACT}]->()
     WHERE old.ns = $ns AND old.gen = $gen AND old.id = row.fact.id
       AND old.version = row.fact.version
     WITH row, old WHERE old IS NULL
     MATCH (s:${ENTITY} {ns: $ns, gen: $gen, id: row.source})
     MATCH (t:${ENTITY} {ns: $ns, gen: $gen, id: row.target})
     CREATE (s)-[f:${FACT} {ns: $ns, gen: $gen}]->(t)
     SET f += row.fact`,
    {
      ...scope,
      rows: rows.map((fact) => ({
        fact: toFactProperties(fact),
        source: fact.sourceId,
        target: fact.targetId,
      })),
    },
  );
  await endVersions(run, scope, { ids, facts });
}

/** Sets when versions were known no more, by what just arrived and by each other. */
async function endVersions(
  run: Run,
  scope: Scope,
  { ids, facts }: { readonly ids: readonly string[]; readonly facts: readonly GraphFact[] },
): Promise<void> {
  const stored = await run<KnownVersion>(
    `UNWIND $ids AS id
     MATCH ()-[f:${FACT}]->()
     WHERE f.ns = $ns AND f.gen = $gen AND f.id = id AND f.version IS NOT NULL
     RETURN f.id AS id, f.version AS version, f.recordedAt AS recordedAt, f.expiredAt AS expiredAt`,
    { ...scope, ids },
  );
  const told = new Map<string, number>();
  for (const { id, version, expiredAt } of facts) {
    if (expiredAt !== null) told.set(`${version} ${id}`, Date.parse(expiredAt));
  }
  const isNews = ({ id, version, expiredAt }: KnownVersion): boolean =>
    (told.get(`${version} ${id}`) ?? Infinity) < (expiredAt ?? Infinity);
  const known = stored.map((one) =>
    isNews(one) ? { ...one, expiredAt: told.get(`${one.version} ${one.id}`) ?? null } : one,
  );
  const ends = [...known.filter((one, i) => one !== stored[i]), ...earlierEnds(known)];
  if (ends.length === 0) return;
  await run(
    `UNWIND $ends AS end
     MATCH ()-[f:${FACT}]->()
     WHERE f.ns = $ns AND f.gen = $gen AND f.id = end.id AND f.version = end.version
     SET f.expiredAt = end.expiredAt`,
    { ...scope, ends: ends.map(({ id, version, expiredAt }) => ({ id, version, expiredAt })) },
  );
}

function newestOf(entities: readonly Entity[]): readonly Entity[] {
  const newest = new Map<string, Entity>();
  for (const entity of entities) {
    if ((newest.get(entity.id)?.version ?? 0) < entity.version) newest.set(entity.id, entity);
  }
  // In one order everywhere: writers that wait for each other do not deadlock.
  return [...newest.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function keyOf(item: GraphItem): { readonly id: string; readonly version: number } {
  return item.kind === 'entity' ? item.entity : item.fact;
}
