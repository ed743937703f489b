import { createAgent } from '../harness/runs.ts';
import { scriptedAgent } from '../system/graphs.ts';
import { until } from '../harness/until.ts';
import type { Client } from '../../client/index.ts';
import type { AgentSpec, ScriptTurn } from '../../contracts/agent-spec.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { Run } from '../../contracts/records.ts';

/** Ways in which a run with a sandbox comes to its end. */
export const RUN_ENDINGS = ['success', 'failure', 'cut', 'cell', 'given up', 'cut early'] as const;
export type RunEnding = (typeof RUN_ENDINGS)[number];

/** The status that a run has after that. */
export const STATUS_AFTER: Readonly<Record<RunEnding, Run['status']>> = {
  success: 'succeeded',
  cell: 'succeeded',
  failure: 'failed',
  cut: 'cancelled',
  'cut early': 'cancelled',
  'given up': 'cancelled',
};

/** What starts and ends such runs. */
export interface RunEnder {
  /** Starts a run that ends like that, sees to it that it does, and gives it back. */
  end(ending: RunEnding): Promise<Run>;
}

const LIMITS = { memoryMb: 192, cpus: 1, pids: 64, diskMb: 16 };
const LONG_MS = 180_000;
/** As a person who thinks twice. */
const HESITATION_MS = 700;

function callOf(turn: number, tool: string, args: JsonObject): ScriptTurn {
  return { when: `turn == ${turn}`, call: [{ tool, arguments: args }] };
}

/** The agents, in two images; each leaves a process in the background that has `mark` in its name. */
function specsOf(mark: string): Readonly<Record<RunEnding, AgentSpec>> {
  const background = `echo kept > file; (setsid sleep ${mark} > /dev/null 2>&1 &)`;
  const shell = callOf(1, 'bash', { command: background });
  const code = `import subprocess\nsubprocess.Popen(["sleep", "${mark}"])\nopen("file", "w").write("x")`;
  const long = callOf(1, 'bash', { command: `${background}; sleep ${mark}`, timeoutSeconds: 600 });
  const agent = (script: readonly ScriptTurn[], tools: readonly string[], image = 'base') =>
    ({ ...scriptedAgent(script, tools), sandbox: { image, limits: LIMITS } }) as AgentSpec;
  return {
    success: agent([shell, { say: 'done' }], ['bash']),
    cell: agent(
      [callOf(1, 'run_code', { language: 'python', code }), { say: 'done' }],
      ['run_code'],
      'python',
    ),
    // Its script runs out.
    failure: agent([shell], ['bash']),
    cut: agent([long], ['bash'], 'python'),
    'cut early': agent([long], ['bash']),
    'given up': agent(
      [shell, callOf(2, 'ask_human', { question: 'Go on?' })],
      ['bash', 'ask_human'],
    ),
  };
}

/** Makes the agents; `hasSandbox` tells whether a run has one by now. */
export async function createRunEnder(
  client: Client,
  mark: string,
  hasSandbox: (runId: string) => Promise<boolean>,
): Promise<RunEnder> {
  const specs = specsOf(mark);
  const agents = new Map<RunEnding, string>();
  for (const ending of RUN_ENDINGS) agents.set(ending, await createAgent(client, specs[ending]));
  const cancelAfter: Readonly<Partial<Record<RunEnding, (run: Run) => Promise<unknown>>>> = {
    cut: async ({ id }) => {
      await until(`the sandbox of ${id}`, () => hasSandbox(id), LONG_MS);
      await new Promise((resolve) => setTimeout(resolve, HESITATION_MS));
    },
    'cut early': ({ id }) => until(`the sandbox of ${id}`, () => hasSandbox(id), LONG_MS),
    'given up': ({ id: runId }) => {
      const asked = async () =>
        (await client.humanTasks.list({ runId, status: 'open' }).page()).items[0];
      return until(`the question of ${runId}`, asked, LONG_MS);
    },
  };
  return {
    end: async (ending) => {
      const run = await client.runs.create({ agent: agents.get(ending) ?? '', input: 'go' });
      const ready = cancelAfter[ending];
      if (ready !== undefined) {
        await ready(run);
        await client.runs.cancel(run.id);
      }
      return client.runs.wait(run.id);
    },
  };
}
