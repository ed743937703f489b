import { createSqlGraph } from '../../adapters/knowledge-graph/sql-graph.ts';
import { describeKnowledgeGraph } from '../../adapters/knowledge-graph/port.suite.ts';
import { openGraphBench } from './graph-bench.ts';

describeKnowledgeGraph('PostgreSQL', () => openGraphBench(createSqlGraph));
