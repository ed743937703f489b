import { ENTITY, FACT, GONE, GRAPH, WORD } from './schema.ts';
import type { Connection, Run } from './connection.ts';

/** A workspace's graph of one generation; names the parameters of statements. */
export interface Scope {
  readonly [name: string]: string;
  readonly ns: string;
  readonly gen: string;
}

/** Generations of a workspace's graph: the one that is read, and one that is being built. */
export interface Generations {
  readonly current: string;
  readonly building: string | null;
}

const SWEEP_ROWS = 2_000;

/** What belongs to a generation, in the order in which it can go. */
const PARTS = [
  `MATCH ()-[x:${FACT}]->() WHERE x.ns = $ns AND x.gen = $gen AND x.id IS NOT NULL
   AND x.version IS NOT NULL WITH x LIMIT ${SWEEP_ROWS} DELETE x RETURN count(*) AS count`,
  `MATCH (x:${WORD}) WHERE x.ns = $ns AND x.gen = $gen AND x.word IS NOT NULL
   WITH x LIMIT ${SWEEP_ROWS} DETACH DELETE x RETURN count(*) AS count`,
  `MATCH (x:${ENTITY}) WHERE x.ns = $ns AND x.gen = $gen AND x.id IS NOT NULL
   WITH x LIMIT ${SWEEP_ROWS} DETACH DELETE x RETURN count(*) AS count`,
];

/** The generation that is read; null if the workspace has nothing. */
export async function currentOf(run: Run, ns: string): Promise<string | null> {
  const statement = `MATCH (g:${GRAPH}) WHERE g.ns = $ns RETURN g.current AS current`;
  const [row] = await run<{ readonly current: string }>(statement, { ns });
  return row?.current ?? null;
}

/** The generations, which stay as they are until the transaction ends: writers wait for each other. */
export async function lockGenerations(run: Run, ns: string): Promise<Generations> {
  // Read by a statement of its own: the values may have changed until the lock was there.
  await run(
    `MERGE (g:${GRAPH} {ns: $ns}) ON CREATE SET g.current = $fresh, g.old = []
     SET g.locks = coalesce(g.locks, 0) + 1`,
    { ns, fresh: crypto.randomUUID() },
  );
  const [row] = await run<Generations>(
    `MATCH (g:${GRAPH}) WHERE g.ns = $ns RETURN g.current AS current, g.building AS building`,
    { ns },
  );
  if (row === undefined) throw new Error('unreachable: it was made just now');
  return row;
}

/** Sets them anew, and marks those that are used no more for `sweep`. */
export async function setGenerations(
  run: Run,
  ns: string,
  change: { readonly before: Generations; readonly after: Generations },
): Promise<void> {
  const { before, after } = change;
  const kept = [after.current, after.building];
  const old = [before.current, before.building].filter(
    (gen) => gen !== null && !kept.includes(gen),
  );
  await run(
    `MATCH (g:${GRAPH}) WHERE g.ns = $ns
     SET g.current = $current, g.building = $building, g.old = g.old + $old`,
    { ns, old, current: after.current, building: after.building },
  );
}

/** Deletes what is used no more, in small transactions. */
export async function sweep({ read, write }: Connection, ns: string): Promise<void> {
  const statement = `MATCH (g:${GRAPH}) WHERE g.ns = $ns UNWIND g.old AS gen RETURN gen`;
  for (const { gen } of await read((run) => run<{ readonly gen: string }>(statement, { ns }))) {
    for (const part of PARTS) await repeat(write, part, { ns, gen });
    await write((run) =>
      run(
        `MATCH (g:${GRAPH}) WHERE g.ns = $ns
         SET g.old = [gen IN g.old WHERE gen <> $gen]`,
        { ns, gen },
      ),
    );
  }
}

/** Forgets what was removed, down to those removed after a time. */
export async function forgetRemovals(
  { write }: Connection,
  ns: string,
  before: number,
): Promise<void> {
  const statement = `MATCH (x:${GONE}) WHERE x.ns = $ns AND x.kind IS NOT NULL AND x.id IS NOT NULL
    AND x.at < $before WITH x LIMIT ${SWEEP_ROWS} DELETE x RETURN count(*) AS count`;
  await repeat(write, statement, { ns, before });
}

async function repeat(
  write: Connection['write'],
  statement: string,
  parameters: Readonly<Record<string, string | number>>,
): Promise<void> {
  let count = SWEEP_ROWS;
  while (count === SWEEP_ROWS) {
    const rows = await write((run) => run<{ readonly count: number }>(statement, parameters));
    count = rows[0]?.count ?? 0;
  }
}
