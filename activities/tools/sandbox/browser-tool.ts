import { AppError } from '../../../contracts/app-error.ts';
import { BROWSER_ACTIONS, type BrowserAction } from './browser-action.ts';
import {
  beginCall,
  endCall,
  readLedger,
  rememberPage,
  type LedgerEntry,
} from './browser-ledger.ts';
import { dialBrowser, startBrowser } from './browser-process.ts';
import { strongest } from '../../sandbox/sandbox-level.ts';
import {
  isJsonObject,
  type Json,
  type JsonObject,
  type JsonSchema,
} from '../../../contracts/json.ts';
import type { BrowserPage, Browsers } from '../../../adapters/browser/port.ts';
import type { RunSandboxes } from '../../sandbox/run-sandboxes.ts';
import type { Sandbox } from '../../../adapters/sandbox/port.ts';
import type { Tool, ToolContext } from '../tool.ts';
import type { ToolSandboxPolicy } from '../../../contracts/sandbox.ts';

const TOOL_TIMEOUT_MS = 300_000;
const MAX_SECONDS = 120;
const TAG_CHARS = 8;
const NEW_BROWSER = 'The browser is new: cookies, logins and pages of before are gone.';
const INTERRUPTED =
  'An earlier attempt of this call was cut off. Whether it acted is unknown, so it was not repeated: ' +
  'judge by the page as it is now.';

/** What the tool works with. */
export interface BrowserToolDeps {
  readonly sandboxes: Pick<RunSandboxes, 'use'>;
  readonly browsers: Browsers;
}

const PARAMETERS: JsonSchema = {
  type: 'object',
  properties: {
    action: { type: 'string', enum: Object.keys(BROWSER_ACTIONS) },
    url: { type: 'string', maxLength: 8_000, description: 'navigate: where to go.' },
    selector: {
      type: 'string',
      maxLength: 2_000,
      description: 'click, type, wait, extract: CSS selector of the element.',
    },
    label: { type: 'string', maxLength: 500, description: "type: the field's label." },
    text: {
      type: 'string',
      maxLength: 50_000,
      description: 'click, wait: what the element says. type: what to type; it replaces the value.',
    },
    submit: { type: 'boolean', description: 'type: press Enter afterwards.' },
    fullPage: { type: 'boolean', description: 'screenshot: not only what is visible.' },
    path: { type: 'string', maxLength: 500, description: 'screenshot, pdf: file to write.' },
    dialogs: {
      type: 'string',
      enum: ['accept', 'dismiss'],
      description: 'Answer to questions that the page asks in dialogs; dismiss by default.',
    },
    timeoutSeconds: { type: 'integer', minimum: 1, maximum: MAX_SECONDS },
  },
  required: ['action'],
  additionalProperties: false,
};

/** The tool by which agents use a browser in the run's sandbox. */
export function createBrowserTool({ sandboxes, browsers }: BrowserToolDeps): Tool {
  const turns = new Turns();
  return {
    name: 'browser',
    description:
      'Uses a web browser that keeps its page from call to call; make one call at a time. Actions: ' +
      'navigate, back, click, type, wait, extract (text, links, buttons and fields), screenshot and ' +
      'pdf (written as files).',
    parameters: PARAMETERS,
    // A click is neither repeatable nor worth a person's time whenever a worker dies. The sandbox
    // notes a call's key before it acts: a repeated call finds the note, or its outcome, beside the
    // very page on which it acted, and does nothing.
    effect: 'keyed',
    timeoutMs: TOOL_TIMEOUT_MS,
    light: false,
    execute: (args, context) =>
      turns.take(`${context.workspaceId}/${context.runId}`, () =>
        call({ sandboxes, browsers }, args, context),
      ),
  };
}

async function call(deps: BrowserToolDeps, args: JsonObject, context: ToolContext): Promise<Json> {
  const { workspaceId, runId, stepId, actor, sandbox: policy, idempotencyKey } = context;
  context.signal.throwIfAborted();
  const action = actionOf(args);
  action.check(args);
  try {
    const { value, restored } = await deps.sandboxes.use(
      {
        ...{ workspaceId, runId, stepId, actor },
        policy: withBrowser(policy),
        image: 'browser',
        key: idempotencyKey,
        audited: { browser: args },
      },
      (sandbox) => act({ deps, args, context, action }, sandbox),
    );
    return restored ? { ...value, note: NEW_BROWSER } : value;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'sandbox.lost') throw error;
    const told = `${error.message}; files are as before, the page is gone: navigate again`;
    throw new AppError('tool.refused', told, { cause: error });
  }
}

/** A sandbox without an image of its own has no browser. */
function withBrowser({ toolLevel, ...policy }: ToolSandboxPolicy): ToolSandboxPolicy {
  return {
    ...policy,
    level: strongest(policy.level, 'docker'),
    ...(toolLevel === undefined ? {} : { toolLevel: strongest(toolLevel, 'docker') }),
  };
}

interface Call {
  readonly deps: BrowserToolDeps;
  readonly args: JsonObject;
  readonly context: ToolContext;
  readonly action: BrowserAction;
}

async function act(call: Call, sandbox: Sandbox): Promise<JsonObject> {
  const { args, context, action, deps } = call;
  const key = context.idempotencyKey;
  const isNew = await startBrowser(sandbox, context.signal);
  if (isNew && args['action'] !== 'navigate') {
    throw new AppError('tool.refused', 'the browser is new and shows no page: navigate first');
  }
  const entry = await readLedger(sandbox, key);
  if (entry.state === 'done') return toOutcome(entry.outcome);
  const engine = deps.browsers.engine(context.sandbox.browser?.engine ?? 'auto');
  await using page = await engine.open({
    dial: () => dialBrowser(sandbox),
    pageId: entry.pageId,
    signal: context.signal,
    dialogs: args['dialogs'] === 'accept' ? 'accept' : 'dismiss',
  });
  try {
    const found = await once(action, { sandbox, key, entry }, () =>
      action.perform(args, {
        page,
        sandbox,
        tag: key.slice(0, TAG_CHARS),
        allow: context.sandbox.network.allow,
      }),
    );
    const outcome = { ...(await describe(page)), ...found };
    if (action.acts) await endCall(sandbox, key, outcome);
    return outcome;
  } finally {
    if (page.id !== entry.pageId) await rememberPage(sandbox, page.id).catch(() => undefined);
  }
}

/** Performs the action, unless it would be the second time. */
async function once(
  { acts }: BrowserAction,
  note: { readonly sandbox: Sandbox; readonly key: string; readonly entry: LedgerEntry },
  perform: () => Promise<JsonObject>,
): Promise<JsonObject> {
  if (!acts) return perform();
  const { sandbox, key, entry } = note;
  const isFirst = entry.state === 'new' && (await beginCall(sandbox, key));
  if (!isFirst) return { note: INTERRUPTED };
  try {
    return await perform();
  } catch (error) {
    // An answer as well: whoever repeats the call is told the same.
    if (error instanceof AppError && error.code === 'tool.refused') {
      await endCall(sandbox, key, { refused: error.message });
    }
    throw error;
  }
}

function toOutcome(outcome: Json): JsonObject {
  if (!isJsonObject(outcome)) return { note: INTERRUPTED };
  const { refused } = outcome;
  if (typeof refused === 'string') throw new AppError('tool.refused', refused);
  return outcome;
}

async function describe(page: BrowserPage): Promise<JsonObject> {
  const { url, title, loading, events } = await page.state();
  return {
    ...{ url, title },
    ...(loading ? { loading: 'The page is still loading.' } : {}),
    ...(events.length === 0 ? {} : { events: [...events] }),
  };
}

function actionOf(args: JsonObject): BrowserAction {
  const name = args['action'];
  const found = Object.entries(BROWSER_ACTIONS).find(([known]) => known === name);
  if (found !== undefined) return found[1];
  throw new AppError('tool.refused', 'there is no such action');
}

/** Calls of one run take turns: they share a page. */
class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  async take<T>(name: string, work: () => Promise<T>): Promise<T> {
    const mine = (this.#last.get(name) ?? Promise.resolve()).then(work, work);
    const settled = mine.catch(() => undefined);
    this.#last.set(name, settled);
    try {
      return await mine;
    } finally {
      if (this.#last.get(name) === settled) this.#last.delete(name);
    }
  }
}
