/** Shows what memory holds, and makes its indexes anew from the database while all runs on. */
import { parseArgs } from 'node:util';
import { composeMemory, type ComposedMemory } from '../runtime/compose-memory.ts';
import { openStateFolder, readRunning } from '../start/state-folder.ts';
import { createLogger } from '../runtime/logger.ts';
import { readEnv } from '../runtime/env.ts';
import { rebuildMemory, type RebuildReport } from '../activities/memory/projection/rebuild.ts';
import { toConfig, toSecrets } from '../runtime/config.ts';

const USAGE = 'Usage: npm run memory -- status|rebuild [--workspace <id>]';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function run(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { workspace: { type: 'string' } },
  });
  const command = COMMANDS[positionals[0] ?? ''];
  if (command === undefined || positionals.length > 1) throw new Error(USAGE);
  const env = readEnv();
  const databaseUrl =
    env.DATABASE_URL ?? readRunning(openStateFolder(env.HOLDFAST_HOME))?.databaseUrl;
  if (databaseUrl === undefined) {
    throw new Error('Start Holdfast first, or set DATABASE_URL to the database that it uses.');
  }
  const log = createLogger(env.HOLDFAST_LOG_LEVEL ?? 'warn', 'memory');
  await using composed = composeMemory({
    config: toConfig(env),
    secrets: toSecrets(env),
    databaseUrl,
    log,
  });
  const workspaces = await workspacesOf(composed, values.workspace);
  say(`Memory is served by: ${composed.memory.summary}`);
  for (const id of workspaces) await command(composed, id);
}

async function workspacesOf(
  { workspaces }: ComposedMemory,
  only: string | undefined,
): Promise<readonly string[]> {
  if (only !== undefined) return [(await workspaces.get(only)).id];
  return (await workspaces.list()).map(({ id }) => id);
}

async function status(composed: ComposedMemory, workspaceId: string): Promise<void> {
  const { memories, graph, projections, memory } = composed;
  const [usage, counts, pending, index] = [
    await memories.usage(workspaceId),
    await graph.count(workspaceId),
    await projections.pending(workspaceId),
    await memory.indexes.stats(workspaceId),
  ];
  say(
    `${workspaceId}: ${usage.active} of ${usage.limit} memories, ` +
      `${counts.entities} entities, ${counts.factVersions} versions of facts; ` +
      `the index has ${index.entries.dialogue} memories and ${index.entries.document} pieces of ` +
      `documents; ${pending} changes wait`,
  );
}

async function rebuild(composed: ComposedMemory, workspaceId: string): Promise<void> {
  const report = await rebuildMemory(
    { ...composed, indexes: composed.memory.indexes, copy: composed.memory.graph },
    workspaceId,
  );
  say(`${workspaceId}: ${sentence(report)}`);
  if (!report.isWhole) process.exitCode = 1;
}

function sentence({ index, graph, isWhole }: RebuildReport): string {
  const parts = [`index ${index.before} → ${index.after} entries`];
  if (graph !== null) {
    parts.push(`graph ${graph.entities} entities and ${graph.factVersions} versions of facts`);
  }
  const end = isWhole
    ? 'as many as the database has'
    : 'which is not what the database has: it changed meanwhile, or try again';
  return `${parts.join(', ')}; ${end}`;
}

const COMMANDS: Readonly<
  Record<string, (composed: ComposedMemory, workspaceId: string) => Promise<void>>
> = { status, rebuild };

try {
  await run();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
