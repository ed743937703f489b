import { createClient, type Client } from '../client/index.ts';
import { bundleFolder, type Servers } from './servers.ts';
import { drive, type Drove, type Load } from './drive.ts';
import { startChild, type Child } from './child.ts';
import { stepsGraph } from './graphs.ts';
import type { BenchOptions } from './options.ts';
import type { CpuGroup } from './cpu-meter.ts';
import type { Gear } from '../contracts/plan.ts';
import type { HoldfastReady } from './holdfast-main.ts';

/** Something that makes runs of so many steps. */
export interface Subject {
  readonly name: string;
  /** Everything that works for it. */
  readonly groups: readonly CpuGroup[];
  drive(load: Load): Promise<Drove>;
}

/** A Holdfast in processes of its own, and a client of it here. */
export interface BenchHoldfast {
  readonly client: Client;
  readonly workerPid: number;
  readonly groups: readonly CpuGroup[];
  /** Name of the agent whose runs take so many steps. */
  agent(steps: number, gear: Gear): Promise<string>;
  readonly stop: () => Promise<void>;
}

const PEPPER = 'a-pepper-for-benchmarks-that-is-long-enough';

/** Starts API and worker in one process, or in two. */
export async function startBenchHoldfast(
  options: Pick<BenchOptions, 'split'>,
  servers: Servers,
  execArgv: readonly string[] = [],
): Promise<BenchHoldfast> {
  const env = {
    DATABASE_URL: servers.postgres.url,
    TEMPORAL_ADDRESS: servers.temporal.address,
    TEMPORAL_NAMESPACE: servers.temporal.namespace,
    HOLDFAST_KEY_PEPPER: PEPPER,
    HOLDFAST_PORT: '0',
    HOLDFAST_LOG_LEVEL: 'warn',
    HOLDFAST_CACHE_DIR: bundleFolder(),
  };
  const start = (roles: readonly string[]) =>
    startChild({ file: 'bench/holdfast-main.ts', args: roles, execArgv, env });
  const children: { child: Child; ready: HoldfastReady; name: string }[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(({ child }) => child.stop()));
  };
  try {
    // One after the other: the first one brings the schema up to date.
    for (const roles of options.split ? [['api'], ['worker']] : [['api', 'worker']]) {
      const { child, ready } = await start(roles);
      children.push({ child, ready: ready as HoldfastReady, name: roles.join(' and ') });
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const baseUrl = children.find(({ ready }) => ready.apiUrl !== null)?.ready.apiUrl ?? '';
  const apiKey = children.find(({ ready }) => ready.apiKey !== null)?.ready.apiKey ?? '';
  const client = createClient({ baseUrl, apiKey });
  return {
    client,
    workerPid: children.at(-1)?.child.pid ?? 0,
    groups: [
      { name: 'client', root: process.pid, alone: true },
      ...children.map(({ name, child }) => ({ name: `Holdfast ${name}`, root: child.pid })),
      ...serverGroups(servers),
    ],
    agent: (steps, gear) => agentOf(client, steps, gear),
    stop,
  };
}

async function agentOf(client: Client, steps: number, gear: Gear): Promise<string> {
  const name = `bench-${gear}-${steps}`;
  for await (const agent of client.agents.list()) if (agent.name === name) return name;
  await client.agents.create({ name, spec: stepsGraph(steps, gear) });
  return name;
}

/** Runs of a gear, accepted and waited for through the HTTP API. */
export function gearSubject(holdfast: BenchHoldfast, gear: Gear): Subject {
  const { client, groups } = holdfast;
  const agents = new Map<number, string>();
  return {
    name: `${gear} gear`,
    groups,
    drive: async (load) => {
      const { steps } = load;
      const agent = agents.get(steps) ?? (await holdfast.agent(steps, gear));
      agents.set(steps, agent);
      return drive(load, async () => {
        const { id } = await client.runs.create({ agent, input: {} });
        const run = await client.runs.wait(id, { throwOnFailure: true });
        if (run.output !== steps - 1) {
          throw new Error(`${JSON.stringify(run.output)} of ${steps - 1} steps were counted`);
        }
        return id;
      });
    },
  };
}

/** Temporal without us, on the same server. */
export async function startPlain(servers: Servers): Promise<{
  readonly subject: Subject;
  readonly stop: () => Promise<void>;
}> {
  const { address, namespace } = servers.temporal;
  const { child } = await startChild({
    file: 'bench/plain-worker-main.ts',
    args: [address, namespace],
    env: {},
  });
  const groups = [{ name: 'worker and client', root: child.pid }, ...serverGroups(servers)];
  return {
    subject: { name: 'plain Temporal', groups, drive: (load) => child.request<Drove>(load) },
    stop: () => child.stop(),
  };
}

function serverGroups({ postgres, temporal }: Servers): readonly CpuGroup[] {
  const { pid } = postgres.process();
  return [
    { name: 'Temporal server', root: temporal.pid },
    // A backend's title names user and database.
    {
      name: "PostgreSQL, Holdfast's backends",
      root: pid,
      picks: (title) => title.startsWith('postgres: holdfast holdfast'),
    },
    {
      name: "PostgreSQL, Temporal's backends",
      root: pid,
      picks: (title) => title.startsWith('postgres: holdfast temporal'),
    },
    { name: 'PostgreSQL itself', root: pid },
  ];
}
