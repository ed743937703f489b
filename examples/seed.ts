import { createHash } from 'node:crypto';
import { canonicalJson } from '../contracts/canonical-json.ts';
import { HoldfastError, type Client } from '../client/index.ts';
import type { DemoAgent } from './demo-agent.ts';
import type { Json } from '../contracts/json.ts';

/** What `seedDemo` found or made. */
export interface SeededAgent {
  readonly name: string;
  /** Text of the version that has the demo's spec. */
  readonly version: string;
  readonly change: 'created' | 'unchanged';
}

const HASH_CHARS = 16;

/**
 * Creates the agents, or gives them a version where their spec has changed. May run again: a spec
 * that is among the versions already is left alone, also when somebody has made newer ones since.
 */
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
  // The service keeps a spec with its defaults filled in, so specs cannot be compared themselves.
  const changelog = `demo, spec ${hashOf(spec)}`;
  const known = await findVersion(client, name, changelog);
  if (known !== null) return { name, version: known, change: 'unchanged' };
  await client.agents.create({ name, description }).catch(ignoreTaken);
  const { version } = await client.agents.createVersion(name, { spec, changelog });
  return { name, version, change: 'created' };
}

/** Text of the version with that changelog; null if there is none. */
async function findVersion(
  client: Client,
  name: string,
  changelog: string,
): Promise<string | null> {
  try {
    for await (const version of client.agents.listVersions(name)) {
      if (version.changelog === changelog) return version.version;
    }
  } catch (error) {
    if (!(error instanceof HoldfastError) || error.code !== 'agent.not_found') throw error;
  }
  return null;
}

/** It is there without our version, or another process seeds at the same time. */
function ignoreTaken(error: unknown): void {
  if (error instanceof HoldfastError && error.code === 'agent.name_taken') return;
  throw error;
}

function hashOf(spec: DemoAgent['spec']): string {
  const text = canonicalJson(JSON.parse(JSON.stringify(spec)) as Json);
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_CHARS);
}
