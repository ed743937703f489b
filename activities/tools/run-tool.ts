import { AppError, type Failure, toFailure } from '../../contracts/app-error.ts';
import { DEFAULT_SANDBOX_POLICY, type SandboxLevel } from '../../contracts/sandbox.ts';
import { guardJson } from '../step/json-guard.ts';
import { hashJson } from '../step/hash.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { MemoryScope } from '../../contracts/memory.ts';
import type { NodeContext } from '../nodes/node-type.ts';
import type { Tool } from './tool.ts';

/** What came of one execution of a tool. `unknown`: it may or may not have acted. */
export type ToolRun =
  | { readonly kind: 'result'; readonly value: Json }
  | { readonly kind: 'error'; readonly error: Failure }
  | { readonly kind: 'unknown' };

/** What a tool is called with. */
export interface ToolInput {
  readonly args: JsonObject;
  /** Of its sandbox; the agent's by default. */
  readonly sandboxLevel?: SandboxLevel;
  /** Whom it may keep memories for. */
  readonly memoryScopes: readonly MemoryScope[];
}

/** Marks the time limit of a tool among reasons of aborts. */
const TIMED_OUT = Symbol('the tool took too long');

/**
 * Executes a tool within its time limit. A retryable failure is thrown, unless the tool is of class
 * `once`: it is never tried again without a person. An abort of the step rejects with its reason.
 */
export async function runTool(
  tool: Tool,
  input: ToolInput,
  context: NodeContext,
): Promise<ToolRun> {
  let raw: unknown;
  try {
    raw = await executeInTime(tool, input, context);
  } catch (error) {
    context.signal.throwIfAborted();
    if (isUnexpected(error)) context.report({ error, tool: tool.name });
    return answerFailure(tool, error);
  }
  try {
    const what = `the result of ${tool.name}`;
    return { kind: 'result', value: guardJson(raw, { what, tooLarge: 'tool.result_too_large' }) };
  } catch (error) {
    return { kind: 'error', error: toFailure(error) };
  }
}

function isUnexpected(error: unknown): boolean {
  return !(error instanceof AppError) && error !== TIMED_OUT;
}

function answerFailure(tool: Tool, error: unknown): ToolRun {
  const once = tool.effect === 'once';
  if (error instanceof AppError) {
    if (error.retryable && !once) throw error;
    return { kind: 'error', error: toFailure(error) };
  }
  if (once) return { kind: 'unknown' };
  if (error === TIMED_OUT) {
    throw new AppError('tool.failed', `${tool.name} took longer than ${tool.timeoutMs} ms`);
  }
  // The message stays inside: a library's error may quote what it was given.
  throw new AppError('tool.failed', `${tool.name} failed unexpectedly`, { cause: error });
}

async function executeInTime(
  tool: Tool,
  { args, sandboxLevel, memoryScopes }: ToolInput,
  context: NodeContext,
): Promise<unknown> {
  const { run, call, signal, version } = context;
  signal.throwIfAborted();
  const stop = new AbortController();
  const timer = setTimeout(() => {
    stop.abort(TIMED_OUT);
  }, tool.timeoutMs);
  const onAbort = (): void => {
    stop.abort(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    // A tool that ignores the signal must not hold the step.
    return await Promise.race([
      rejectOnAbort(stop.signal),
      tool.execute(args, {
        signal: stop.signal,
        idempotencyKey: hashJson([run.workspaceId, run.runId, call.stepId, tool.name, args]),
        workspaceId: run.workspaceId,
        runId: run.runId,
        stepId: call.stepId,
        actor: `${version.agentName}@${version.version}`,
        sandbox: {
          ...(version.graph.sandbox ?? DEFAULT_SANDBOX_POLICY),
          ...(sandboxLevel === undefined ? {} : { toolLevel: sandboxLevel }),
        },
        owner: { userId: run.userId, agentId: version.agentId, threadId: run.threadId },
        memoryScopes,
        knowledgeBases: version.graph.knowledge?.bases ?? null,
        onOutput: context.onOutput,
        onArtifact: context.onArtifact,
      }),
    ]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener(
      'abort',
      () => {
        // The reason is an error or the mark of the time limit; both are told apart by identity.
        reject(signal.reason as Error);
      },
      { once: true },
    );
  });
}
