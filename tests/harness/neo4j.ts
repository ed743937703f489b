import { neo4jJars } from '../../scripts/test-neo4j/jars.ts';
import { neo4jPreparationEnded } from '../../scripts/test-neo4j/preparation.ts';
import { startNeo4j } from '../../scripts/test-neo4j/server.ts';

/** What tests with Neo4j have on this machine. */
export interface TestNeo4j {
  /** Why they cannot run, for `describeUnless`; null if they can. */
  readonly reason: string | null;
  /** Leads nowhere if there is a reason. */
  readonly settings: { readonly url: string; readonly user: string; readonly password: string };
  readonly stop: () => Promise<void>;
}

const NOWHERE = { url: 'bolt://127.0.0.1:1', user: 'neo4j', password: 'none' };

/**
 * The Neo4j at `NEO4J_URL`, else one of the test file's own, or the reason why there is none. Await it
 * at the top of the file, where no time limit of a test or hook applies, and stop it at the end.
 */
export async function neo4jForTests(): Promise<TestNeo4j> {
  const { NEO4J_URL = '', NEO4J_USER = 'neo4j', NEO4J_PASSWORD = '' } = process.env;
  const nothing = (): Promise<void> => Promise.resolve();
  if (NEO4J_URL !== '') {
    const settings = { url: NEO4J_URL, user: NEO4J_USER, password: NEO4J_PASSWORD };
    return { reason: null, settings, stop: nothing };
  }
  await neo4jPreparationEnded();
  const jars = await neo4jJars(process.env, (line) => process.stderr.write(`neo4j: ${line}\n`));
  if (jars.kind === 'unusable') return { reason: jars.reason, settings: NOWHERE, stop: nothing };
  const { url, user, password, stop } = await startNeo4j(jars.folder);
  return { reason: null, settings: { url, user, password }, stop };
}
