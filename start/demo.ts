import { createClient, type Client } from '../client/index.ts';
import {
  DEFAULT_PAGES_PORT,
  DEMO_INPUTS,
  demoAgents,
  fromSandboxes,
  seedDemo,
  serveDemoPages,
  watchDemo,
} from '../examples/index.ts';
import type { Config } from '../runtime/config.ts';
import type { Shutdown } from './shutdown.ts';

/** The demo's web pages, while they are served. */
export interface DemoStage {
  readonly pagesUrl: string;
  readonly pagesHost: string;
}

/** Where the demo runs and how it talks. */
export interface DemoOptions {
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly pagesUrl: string;
  /** False where `read_folder` reads another folder: the demo's tickets are not in there. */
  readonly hasInputs: boolean;
  readonly signal: AbortSignal;
  /** Takes text, line feeds included. */
  readonly write: (text: string) => void;
}

const USUAL_HOST = `127.0.0.1:${DEFAULT_PAGES_PORT}`;
const APPROVE_AFTER_MS = 20_000;

/** Serves the demo's pages, on another port if the usual one is taken. */
export async function openDemoStage(shutdown: Shutdown): Promise<DemoStage> {
  const pages = await serveDemoPages().catch(() => serveDemoPages(0));
  shutdown.add('Demo pages', async () => pages[Symbol.asyncDispose]());
  return { pagesUrl: pages.url, pagesHost: pages.host };
}

/** The settings with what the demo's tools may reach; an operator's own folder of inputs stays. */
export function withDemoTools(config: Config, stage: DemoStage | null): Config {
  const { tools, sandboxes } = config;
  const pagesHost = stage?.pagesHost ?? USUAL_HOST;
  const httpAllowHosts = [...tools.httpAllowHosts, pagesHost];
  const privateHosts = [...sandboxes.privateHosts, fromSandboxes(pagesHost)];
  return {
    ...config,
    sandboxes: { ...sandboxes, privateHosts },
    tools: { ...tools, inputsRoot: tools.inputsRoot ?? DEMO_INPUTS, httpAllowHosts },
  };
}

/** Makes the demo agents and runs one of them visibly; a failure is told and harms nothing. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { apiUrl: baseUrl, apiKey, write, signal } = options;
  const client = createClient({ baseUrl, apiKey });
  try {
    const seeded = await seedDemo(client, demoAgents(options.pagesUrl));
    write(`Demo agents: ${seeded.map(({ name, version }) => `${name} ${version}`).join(', ')}\n`);
    if (options.hasInputs) await watch(client, options);
    else write('HOLDFAST_INPUTS is set: ticket-triage and order-review do not find their files.\n');
  } catch (error) {
    if (signal.aborted) return;
    write(`Demo: did not work: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

async function watch(client: Client, options: DemoOptions): Promise<void> {
  const { apiUrl: baseUrl, apiKey, write, signal } = options;
  write('\n');
  const autoApproveAfterMs = APPROVE_AFTER_MS;
  const run = await watchDemo(client, { write, baseUrl, apiKey, autoApproveAfterMs, signal });
  const key = `-H 'authorization: Bearer ${apiKey}'`;
  write('\nLook at it again:\n');
  write(`  curl ${key} ${baseUrl}/v1/runs/${run.id}\n`);
  write(`  curl -N ${key} -H 'accept: text/event-stream' ${baseUrl}/v1/runs/${run.id}/events\n\n`);
}
