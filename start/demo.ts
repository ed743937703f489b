import { createClient } from '../client/index.ts';
import type { Client } from '../client/index.ts';
import { DEMO_AGENT, DEMO_INPUT, DEMO_SPEC } from './demo-agent.ts';

/** Where the demo runs and how it talks. */
export interface DemoOptions {
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

const DEADLINE_MS = 120_000;

/** Makes the demo agent at the first start and runs it once; a failure is told and harms nothing. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { apiUrl, apiKey, log } = options;
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(DEADLINE_MS)]);
  const client = createClient({ baseUrl: apiUrl, apiKey });
  try {
    await ensureAgent(client, signal);
    const run = await client.runs.create({ agent: DEMO_AGENT, input: DEMO_INPUT }, { signal });
    log(`Demo: run ${run.id} of agent "${DEMO_AGENT}" asks: ${DEMO_INPUT.question}`);
    const ended = await client.runs.wait(run.id, { signal });
    log(`Demo: the run ${ended.status} after ${ended.lastEventSeq} events: ${outputText(ended)}`);
    for (const line of nextSteps(apiUrl, run.id)) log(line);
  } catch (error) {
    if (options.signal.aborted) return;
    log(`Demo: did not work: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function ensureAgent(client: Client, signal: AbortSignal): Promise<void> {
  for await (const agent of client.agents.list()) if (agent.name === DEMO_AGENT) return;
  await client.agents.create({ name: DEMO_AGENT, spec: DEMO_SPEC }, { signal });
}

function outputText(run: { readonly output: unknown; readonly error: unknown }): string {
  return JSON.stringify(run.output ?? run.error);
}

function nextSteps(apiUrl: string, runId: string): readonly string[] {
  const key = '-H "Authorization: Bearer $HOLDFAST_API_KEY"';
  return [
    '',
    'Try it yourself (HOLDFAST_API_KEY is the key above):',
    `  curl ${key} ${apiUrl}/v1/runs/${runId}`,
    `  curl -N ${key} ${apiUrl}/v1/runs/${runId}/events`,
    '',
  ];
}
