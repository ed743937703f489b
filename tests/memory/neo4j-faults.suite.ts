import { describe, expect, test } from '@jest/globals';
import type { Neo4jSettings } from '../../adapters/knowledge-graph/neo4j/connection.ts';
import { createNeo4jGraph } from '../../adapters/knowledge-graph/neo4j/neo4j-graph.ts';
import { inspect } from 'node:util';

const WRONG = 'a-wrong-password-to-look-for';

async function faultOf(settings: Neo4jSettings): Promise<unknown> {
  await using graph = createNeo4jGraph(settings);
  // Awaited here: the driver closes when this function ends.
  return await graph.stats('ws').catch((error: unknown) => error);
}

/** What Neo4j does to those who ask when something is wrong with it. */
export function describeFaults(settings: Neo4jSettings): void {
  describe('a Neo4j', () => {
    test('that refuses the password is told from one that is away, and no secret shows', async () => {
      const refused = await faultOf({ ...settings, password: WRONG });
      const message = 'Neo4j refuses the user and the password that it is given';
      expect(refused).toMatchObject({ code: 'knowledge_graph.refused', retryable: false, message });
      expect(inspect(refused, { depth: 20, showHidden: true })).not.toContain(WRONG);
      const away = await faultOf({ ...settings, url: 'bolt://127.0.0.1:1', password: WRONG });
      expect(away).toMatchObject({ code: 'knowledge_graph.unavailable', retryable: true });
      expect(inspect(away, { depth: 20, showHidden: true })).not.toContain(WRONG);
    });
  });
}
