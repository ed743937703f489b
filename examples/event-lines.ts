import type { RunStreamEvent, Value } from '../client/index.ts';

/** Shows a run's events as lines for a terminal. */
export interface EventLines {
  show(event: RunStreamEvent): void;
}

const MAX_CHARS = 100;

/** Lines for `write`; pieces of a model's text run on in one line until something else happens. */
export function createEventLines({
  write,
}: {
  readonly write: (text: string) => void;
}): EventLines {
  let inText: string | null = null;
  return {
    show: (event) => {
      if (event.type === 'token') {
        if (inText !== event.stepId) write(`${inText === null ? '' : '\n'}     … `);
        inText = event.stepId;
        write(event.text.replaceAll('\n', '\n       '));
        return;
      }
      if (inText !== null) write('\n');
      inText = null;
      write(`${String(event.seq).padStart(4)} ${lineOf(event)}\n`);
    },
  };
}

type JournalEvent = Exclude<RunStreamEvent, { readonly type: 'token' }>;

function lineOf(event: JournalEvent): string {
  const step = event.stepId ?? '';
  switch (event.type) {
    case 'step.started': {
      const { tool } = event.data;
      const what = tool === undefined ? '' : ` ${tool} ${short(event.data.arguments ?? {})}`;
      return `> ${step}${what}`;
    }
    case 'step.completed': {
      const { result, usage } = event.data;
      const tokens =
        usage === undefined || usage.modelCalls === 0
          ? ''
          : ` (${usage.inputTokens} + ${usage.outputTokens} tokens)`;
      return `✓ ${step}${tokens} ${short(result)}`;
    }
    case 'step.failed':
      return `✗ ${step} ${event.data.error.code}: ${event.data.error.message}`;
    case 'step.retrying':
      return `↻ ${step} is tried again; text above is void`;
    case 'human_task.created':
      return `? ${event.data.title} [${event.data.allowed.join(', ')}]`;
    case 'human_task.decided': {
      const { kind, reason } = event.data.decision;
      return `! ${kind}${reason === undefined ? '' : `: ${reason}`}`;
    }
    case 'run.succeeded':
      return `■ run succeeded\n${outputText(event.data.output)}`;
    case 'run.failed':
      return `■ run failed, ${event.data.error.code}: ${event.data.error.message}`;
    case 'run.created':
    case 'run.started':
    case 'run.cancelled':
    case 'run.cancel_requested':
    case 'step.cancelled':
    case 'human_task.expired':
    case 'human_task.cancelled':
      return `· ${event.type} ${step}`.trimEnd();
  }
}

function short(value: Value): string {
  const text = (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll('\n', ' ');
  return text.length <= MAX_CHARS ? text : `${text.slice(0, MAX_CHARS - 1)}…`;
}

/** A report is shown as it is, other outputs as JSON. */
function outputText(output: Value): string {
  if (typeof output === 'object' && output !== null && 'report' in output) {
    const { report } = output;
    if (typeof report === 'string') return report;
  }
  return JSON.stringify(output, null, 2);
}
