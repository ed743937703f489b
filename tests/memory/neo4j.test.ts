import { afterAll } from '@jest/globals';
import { createNeo4jGraph } from '../../adapters/knowledge-graph/neo4j/neo4j-graph.ts';
import { describeKnowledgeGraph } from '../../adapters/knowledge-graph/port.suite.ts';
import { describeChanges } from './neo4j-changes.suite.ts';
import { describeFaults } from './neo4j-faults.suite.ts';
import { describeRebuilds } from './neo4j-rebuilds.suite.ts';
import { describeUnless } from '../harness/not-run.ts';
import { neo4jForTests } from '../harness/neo4j.ts';
import { openGraphBench } from './graph-bench.ts';

// One server for all: it takes its time to start, and half a gigabyte.
const { reason, settings, stop } = await neo4jForTests();
const open = () => openGraphBench((_, clock) => createNeo4jGraph(settings, clock));

afterAll(stop);

describeUnless(reason, 'Neo4j', () => {
  describeKnowledgeGraph('Neo4j', open);
  describeChanges(open, settings);
  describeRebuilds(open);
  describeFaults(settings);
});
