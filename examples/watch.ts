import { HoldfastError, type Client, type Run, type RunStreamEvent } from '../client/index.ts';
import { createEventLines } from './event-lines.ts';
import { TICKET_TRIAGE } from './ticket-triage/agent.ts';

/** How the demo is shown. */
export interface WatchOptions {
  /** Takes pieces of text as they come, line feeds included. */
  readonly write: (text: string) => void;
  /** Where the service answers and with which key, for the command that the person is shown. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Approves by itself after this long, and says so; absent: a person decides. */
  readonly autoApproveAfterMs?: number;
  readonly signal?: AbortSignal;
}

/** Runs the ticket demo and shows what happens until it has ended. */
export async function watchDemo(client: Client, options: WatchOptions): Promise<Run> {
  const { write, signal } = options;
  const { name, sampleInput } = TICKET_TRIAGE;
  const run = await client.runs.create({ agent: name, input: sampleInput });
  write(`run ${run.id} of ${name} ${run.version}\n`);
  const lines = createEventLines({ write });
  const approvals: Promise<void>[] = [];
  for await (const event of client.runs.stream(run.id, signal === undefined ? {} : { signal })) {
    lines.show(event);
    if (event.type === 'human_task.created') {
      approvals.push(askPerson(client, options, event).catch(tellFailure(write)));
    }
  }
  await Promise.all(approvals);
  const ended = await client.runs.get(run.id);
  write(`run ${run.id} ${ended.status}: ${usageText(ended)}\n`);
  return ended;
}

/** A person who was faster is no failure; of others the person at the terminal is told. */
function tellFailure(write: WatchOptions['write']): (error: unknown) => void {
  return (error) => {
    if (error instanceof HoldfastError && error.code === 'human_task.already_decided') return;
    write(`  not approved: ${error instanceof Error ? error.message : String(error)}\n`);
  };
}

type TaskCreated = Extract<RunStreamEvent, { readonly type: 'human_task.created' }>;

async function askPerson(client: Client, options: WatchOptions, event: TaskCreated): Promise<void> {
  const { write, autoApproveAfterMs, signal } = options;
  const { taskId } = event.data;
  write(`  to approve: ${curlCommand(options, taskId, '{"kind":"approve"}')}\n`);
  write(`  to reject:  ${curlCommand(options, taskId, '{"kind":"reject","reason":"..."}')}\n`);
  if (autoApproveAfterMs === undefined) {
    write('  waiting for you; the run holds no process while it waits\n');
    return;
  }
  write(`  nobody needs to: this demo approves by itself in ${autoApproveAfterMs / 1_000} s\n`);
  await pause(autoApproveAfterMs, signal);
  const task = await client.humanTasks.get(taskId);
  if (task.status !== 'open') return;
  write('  approving by itself\n');
  await client.humanTasks.decide(taskId, { kind: 'approve', reason: 'approved by the demo' });
}

function curlCommand({ baseUrl, apiKey }: WatchOptions, taskId: string, body: string): string {
  return [
    `curl -sS ${baseUrl}/v1/human-tasks/${taskId}/decision`,
    `-H 'authorization: Bearer ${apiKey}' -H 'content-type: application/json'`,
    `-d '${body}'`,
  ].join(' ');
}

function usageText({ usage }: Run): string {
  return `${usage.modelCalls} model calls, ${usage.toolCalls} tool calls, ${usage.inputTokens + usage.outputTokens} tokens`;
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
