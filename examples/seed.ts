import { canonicalJson } from '../contracts/canonical-json.ts';
import { HoldfastError, type Agent, type Client } from '../client/index.ts';
import type { DemoAgent } from './demo-agent.ts';
import type { Json } from '../contracts/json.ts';

/** What `seedDemo` found or made. */
export interface SeededAgent {
  readonly name: string;
  /** Text of the version that `latest` points at. */
  readonly version: string;
  readonly change: 'created' | 'new version' | 'unchanged';
}

/** Creates the agents, or gives them a new version where their spec has changed; may run again. */
export async function seedDemo(
  client: Client,
  agents: readonly DemoAgent[],
): Promise<readonly SeededAgent[]> {
  const seeded: SeededAgent[] = [];
  for (const agent of agents) seeded.push(await seedAgent(client, agent));
  return seeded;
}

async function seedAgent(client: Client, agent: DemoAgent): Promise<SeededAgent> {
  const { name, description, spec } = agent;
  const known = await find(client, name);
  if (known === null) {
    await client.agents.create({ name, description }).catch(ignoreTaken);
    return addVersion(client, agent, 'created');
  }
  const latest = known.labels['latest'];
  if (latest === undefined) return addVersion(client, agent, 'created');
  const version = await client.agents.getVersion(name, latest);
  const same = canonicalJson(toJson(version.spec)) === canonicalJson(toJson(spec));
  return same
    ? { name, version: version.version, change: 'unchanged' }
    : addVersion(client, agent, 'new version');
}

async function addVersion(
  client: Client,
  { name, spec }: DemoAgent,
  change: SeededAgent['change'],
): Promise<SeededAgent> {
  const { version } = await client.agents.createVersion(name, { spec, changelog: 'demo' });
  return { name, version, change };
}

async function find(client: Client, name: string): Promise<Agent | null> {
  try {
    return await client.agents.get(name);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'agent.not_found') return null;
    throw error;
  }
}

/** Another process seeds at the same time. */
function ignoreTaken(error: unknown): void {
  if (error instanceof HoldfastError && error.code === 'agent.name_taken') return;
  throw error;
}

/** The spec as it travels: without fields that are undefined. */
function toJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
