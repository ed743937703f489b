/**
 * Labels, types and indexes. Nodes and relationships have their workspace (`ns`) and the generation of
 * its graph (`gen`); every statement asks for both. The database may hold graphs of others as well.
 */
export const ENTITY = 'HoldfastEntity';
/** A word of an entity's name. */
export const WORD = 'HoldfastWord';
/** From an entity to its words. */
export const NAMED = 'HOLDFAST_NAMED';
/** From one entity to another: one version of a fact. */
export const FACT = 'HOLDFAST_FACT';
/** What a workspace has: its generations. */
export const GRAPH = 'HoldfastGraph';
/** What was removed, so that what arrives late does not bring it back. */
export const GONE = 'HoldfastGone';

/** Statements that may run any number of times. */
export const SCHEMA: readonly string[] = [
  `CREATE CONSTRAINT holdfast_graph_once IF NOT EXISTS
   FOR (g:${GRAPH}) REQUIRE g.ns IS UNIQUE`,
  `CREATE CONSTRAINT holdfast_entity_once IF NOT EXISTS
   FOR (e:${ENTITY}) REQUIRE (e.ns, e.gen, e.id) IS UNIQUE`,
  `CREATE CONSTRAINT holdfast_fact_once IF NOT EXISTS
   FOR ()-[f:${FACT}]-() REQUIRE (f.ns, f.gen, f.id, f.version) IS UNIQUE`,
  `CREATE CONSTRAINT holdfast_gone_once IF NOT EXISTS
   FOR (x:${GONE}) REQUIRE (x.ns, x.kind, x.id) IS UNIQUE`,
  `CREATE INDEX holdfast_word IF NOT EXISTS FOR (w:${WORD}) ON (w.ns, w.gen, w.word)`,
  'CALL db.awaitIndexes(60)',
];
