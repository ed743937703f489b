import { causesOf } from './fault.ts';
import { mentionsOf } from './mentions.ts';
import { artifactPublished, contextRecalled } from './event-data.ts';
import type { CompiledVersion } from '../../contracts/records.ts';
import type { EventDraft } from '../../contracts/event.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { NodeContext, Scope, SettledWait } from '../nodes/node-type.ts';
import type { NodeSpec } from '../../contracts/agent-spec.ts';
import type { RunFacts } from '../../contracts/journal.ts';
import type { StepCall } from '../../contracts/step.ts';
import type { StepExecutor } from './execute-step.ts';

/** What of a node's context does not depend on its attempt. */
export interface ContextBase {
  readonly run: RunFacts;
  readonly version: CompiledVersion;
  readonly call: StepCall;
  readonly node: NodeSpec;
  readonly epoch: number;
  readonly scope: Scope;
  readonly signal: AbortSignal;
  /** Takes what is to be committed with the step. */
  readonly told: EventDraft[];
}

/** What of it does. */
export interface ContextAttempt {
  readonly attempt: number;
  readonly firstTry: boolean;
  readonly memo: JsonObject;
  readonly settled: SettledWait | null;
}

type Executor = Pick<StepExecutor, 'deps' | 'library'>;

/** The values that the node's expressions see; what none of them mentions is not fetched. */
export async function scopeOf(
  { library }: Executor,
  at: Pick<ContextBase, 'run' | 'version' | 'call'>,
  state: JsonObject,
): Promise<Scope> {
  const { run, version, call } = at;
  const { input, channels } = mentionsOf(version, call.nodeId);
  const names = channels === 'all' ? Object.keys(state) : [...channels];
  const resolved: Record<string, Json> = {};
  for (const name of names) {
    const value = state[name];
    if (value !== undefined) resolved[name] = await library.resolve(run.workspaceId, value);
  }
  return {
    input: input ? await library.input(run) : null,
    state: { ...state, ...resolved },
    visit: call.visit,
  };
}

/** The context of one attempt. */
export function contextOf(
  { deps, library }: Executor,
  base: ContextBase,
  attempt: ContextAttempt,
): NodeContext {
  const { run, version, call, node, epoch, scope, signal, told } = base;
  const { workspaceId, runId } = run;
  const { journal, models, tools } = deps;
  const writer = { workspaceId, runId, stepId: call.stepId, attempt: attempt.attempt };
  const resolve = (value: Json): Promise<Json> => library.resolve(workspaceId, value);
  return {
    run,
    version,
    epoch,
    call,
    config: node.config,
    scope,
    attempt: attempt.attempt,
    firstTry: attempt.firstTry,
    memo: attempt.memo,
    settled: attempt.settled,
    signal,
    models,
    tools,
    now: deps.now(),
    onText: (text) => {
      journal.appendToken({ ...writer, text });
    },
    onOutput: (stream, text) => {
      journal.appendToken({ ...writer, text, stream });
    },
    onArtifact: (published) => {
      told.push(artifactPublished(call, published));
    },
    recall: async (text, { first }) => {
      const found = await deps.recall({ run, version, text, use: first });
      if (found !== null && first) told.push(contextRecalled(call, found));
      return found?.text ?? null;
    },
    report: ({ error, ...broken }) => {
      const { stepId } = call;
      deps.report({ workspaceId, runId, stepId, ...broken, causes: causesOf(error) });
    },
    input: () => library.input(run),
    read: (channel) => resolve(scope.state[channel] ?? null),
    thread: () => library.thread(run),
    parentResult: () => library.result(run, epoch, call.parentStepId ?? ''),
    resolve,
  };
}
