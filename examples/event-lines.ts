import { isJsonObject } from '../contracts/json.ts';
import type { RunStreamEvent, TokenEvent, Value } from '../client/index.ts';

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
  /** Step whose text is structured output: its result says the same in one line. */
  let hidden: string | null = null;

  const showText = (event: TokenEvent): void => {
    if (inText !== event.stepId) {
      hidden = event.text.startsWith('{') ? event.stepId : null;
      if (hidden === null) write(`${inText === null ? '' : '\n'}     … `);
    }
    inText = event.stepId;
    if (hidden === null) write(event.text.replaceAll('\n', '\n       '));
  };

  return {
    show: (event) => {
      if (event.type === 'token') {
        showText(event);
        return;
      }
      if (inText !== null && hidden === null) write('\n');
      inText = null;
      hidden = null;
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
      return `✓ ${step}${tokens} ${short(resultOf(result))}`;
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
    case 'artifact.published':
      return `+ ${event.data.name} (${event.data.mediaType}, ${event.data.sizeBytes} bytes)`;
    case 'context.recalled':
      return `· ${event.data.citations.length} recalled (${event.data.tokens} tokens)`;
    case 'run.succeeded':
      return `■ run succeeded ${short(event.data.output)}`;
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

/** A turn that asks for tools is shown by the calls alone: its text has been streamed. */
function resultOf(result: Value): Value {
  if (!isJsonObject(result) || !Array.isArray(result['toolCalls'])) return result;
  const calls: readonly Value[] = result['toolCalls'];
  return `asks for ${calls.map((call) => (isJsonObject(call) && typeof call['name'] === 'string' ? call['name'] : '?')).join(', ')}`;
}
