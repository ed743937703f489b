/**
 * A Neo4j for tests and trials: `install` gets it, `start` runs it until it is interrupted and tells
 * how to reach it. What it holds is gone when it stops.
 */
import { once } from 'node:events';
import { neo4jJars } from './test-neo4j/jars.ts';
import { startNeo4j } from './test-neo4j/server.ts';

const USAGE = 'Usage: node scripts/neo4j.ts install|start';
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function install(): Promise<string> {
  const answer = await neo4jJars(process.env, say);
  if (answer.kind === 'unusable') throw new Error(answer.reason);
  say(`Neo4j is in ${answer.folder}`);
  return answer.folder;
}

async function start(): Promise<void> {
  const { url, user, password, pid, stop } = await startNeo4j(await install());
  say(`Neo4j runs as process ${pid}.`);
  say(`NEO4J_URL=${url} NEO4J_USER=${user} NEO4J_PASSWORD=${password}`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await stop();
}

const COMMANDS: Readonly<Record<string, () => Promise<unknown>>> = { install, start };

try {
  const command = COMMANDS[process.argv[2] ?? ''];
  if (command === undefined) throw new Error(USAGE);
  await command();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
