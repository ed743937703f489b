import type { AgentSpec } from '../../contracts/agent-spec.ts';
import type { Client } from '../../client/index.ts';
import type { Json } from '../../contracts/json.ts';
import type { Run } from '../../contracts/records.ts';

let agents = 0;

/** Makes an agent of the spec and starts a run of it. */
export async function runSpec(client: Client, spec: AgentSpec, input: Json = {}): Promise<Run> {
  const name = await createAgent(client, spec);
  return client.runs.create({ agent: name, input });
}

/** Makes an agent of the spec under a name of its own. */
export async function createAgent(client: Client, spec: AgentSpec): Promise<string> {
  agents += 1;
  const name = `agent-${process.pid}-${Date.now()}-${agents}`;
  await client.agents.create({ name, spec: JSON.parse(JSON.stringify(spec)) as AgentSpec });
  return name;
}

/** What a watcher saw of a run. */
export interface Seen {
  /** Numbers of the numbered events, in the order of arrival. */
  readonly numbers: readonly number[];
  readonly types: readonly string[];
  readonly text: string;
}

/** Follows a run to its end through the client. */
export async function watch(client: Client, runId: string): Promise<Seen> {
  const numbers: number[] = [];
  const types: string[] = [];
  let text = '';
  for await (const event of client.runs.stream(runId)) {
    if (event.type === 'token') {
      text += event.text;
    } else {
      numbers.push(event.seq);
      types.push(event.type);
    }
  }
  return { numbers, types, text };
}

/** The numbers 1 to n. */
export function oneTo(n: number): readonly number[] {
  return Array.from({ length: n }, (_, index) => index + 1);
}
