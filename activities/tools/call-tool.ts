import type { Failure } from '../../contracts/app-error.ts';
import {
  approvalTask,
  formOf,
  isFormTooLarge,
  questionTask,
  unknownOutcomeTask,
} from './tool-tasks.ts';
import { checkSchema, validateJson } from '../../engine/json-schema.ts';
import { isJsonObject, type Json, type JsonObject } from '../../contracts/json.ts';
import { NO_MEMORY, type MemoryPolicy } from '../../contracts/memory-policy.ts';
import { runTool } from './run-tool.ts';
import type { ApprovalPolicy } from '../../contracts/effect.ts';
import type { HumanTaskDraft } from '../../contracts/human-task.ts';
import type { MemoryScope } from '../../contracts/memory.ts';
import type { NodeContext, Preparation } from '../nodes/node-type.ts';
import type { Problem } from '../../contracts/problem.ts';
import type { SandboxLevel } from '../../contracts/sandbox.ts';
import type { Tool } from './tool.ts';

/** A tool call, by a model or by a node. */
export interface ToolRequest {
  readonly tool: string;
  readonly arguments: JsonObject;
  /** The model's text where it was not JSON. */
  readonly malformed?: string;
  readonly approval: ApprovalPolicy;
  /** Of the tool's sandbox; the agent's by default. */
  readonly sandboxLevel?: SandboxLevel;
  /** False: the agent was not given this tool. */
  readonly offered: boolean;
  /** Whom the graph itself lets the call keep memories for; absent: the agent's policy says it. */
  readonly memoryScopes?: readonly MemoryScope[];
}

/** The level of a tool's use, if it names one. */
export function levelOf(
  use: Pick<ToolRequest, 'sandboxLevel'> | undefined,
): Pick<ToolRequest, 'sandboxLevel'> {
  return use?.sandboxLevel === undefined ? {} : { sandboxLevel: use.sandboxLevel };
}

/** What came of a call. Retryable failures are thrown. */
export type CallOutcome =
  | { readonly kind: 'result'; readonly value: Json }
  | { readonly kind: 'error'; readonly error: Failure }
  | { readonly kind: 'wait'; readonly task: HumanTaskDraft; readonly memo: JsonObject };

/** Where a call stands. `effect` is kept before the tool acts: who finds it knows that it may have. */
type Phase = 'question' | 'approval' | 'effect' | 'unknown' | 'settled';

interface CallMemo {
  readonly phase: Phase;
  /** Counts the executions of a `once` tool that people asked for. */
  readonly round: number;
  /** Arguments as a person edited them. */
  readonly arguments?: JsonObject;
}

function readMemo(memo: JsonObject): CallMemo {
  const { phase, round, arguments: edited } = memo;
  const known = ['question', 'approval', 'effect', 'unknown', 'settled'] as const;
  return {
    phase: known.find((name) => name === phase) ?? 'effect',
    round: typeof round === 'number' ? round : 1,
    ...(isJsonObject(edited) ? { arguments: edited } : {}),
  };
}

function writeMemo(memo: CallMemo): JsonObject {
  return { ...memo };
}

/** What is to be kept before the call, or before it goes on behind a settled task. */
export async function prepareCall(
  context: NodeContext,
  request: ToolRequest,
): Promise<Preparation> {
  const tool = context.tools.get(request.tool);
  const memo = context.settled === null ? firstMemo(tool, request) : await nextMemo(context);
  const started = { tool: request.tool, arguments: memo.arguments ?? request.arguments };
  return { memo: writeMemo(memo), started, reserve: !isFree(tool, request) };
}

/** Calls that may be repeated at will cost no reservation. */
function isFree(tool: Tool | null, request: ToolRequest): boolean {
  if (tool === null || !request.offered) return true;
  const repeatable = tool.effect === 'pure' || tool.effect === 'idempotent';
  return tool.light && repeatable && request.approval === 'never' && tool.asksHuman !== true;
}

function firstMemo(tool: Tool | null, request: ToolRequest): CallMemo {
  if (tool?.asksHuman === true) return { phase: 'question', round: 1 };
  return { phase: request.approval === 'always' ? 'approval' : 'effect', round: 1 };
}

async function nextMemo(context: NodeContext): Promise<CallMemo> {
  const memo = readMemo(context.memo);
  const decision = decisionOf(context);
  if (memo.phase === 'approval' && decision?.kind === 'approve') {
    return { ...memo, phase: 'effect' };
  }
  if (memo.phase === 'approval' && decision?.kind === 'edit') {
    const edited = await context.resolve(decision.value ?? null);
    if (isJsonObject(edited)) return { ...memo, phase: 'effect', arguments: edited };
  }
  if (memo.phase === 'unknown' && decision?.kind === 'answer') {
    const answer = await context.resolve(decision.value ?? null);
    const again = isJsonObject(answer) && answer['happened'] === false;
    if (again) return { ...memo, phase: 'effect', round: memo.round + 1 };
  }
  return { ...memo, phase: 'settled' };
}

function decisionOf(context: NodeContext) {
  const settlement = context.settled?.settlement;
  return settlement?.by === 'decision' ? settlement.decision : null;
}

/** Executes a call, or asks a person first. Throws what may be tried again. */
export async function executeCall(
  context: NodeContext,
  request: ToolRequest,
): Promise<CallOutcome> {
  const memo = readMemo(context.memo);
  if (memo.phase === 'settled') return settledCall(context);
  const found = checkCall(context, request, memo);
  if (found.kind === 'error') return found;
  const { tool, args } = found;
  switch (memo.phase) {
    case 'question':
      return { kind: 'wait', task: questionTask(context, args), memo: writeMemo(memo) };
    case 'approval':
      return { kind: 'wait', task: approvalTask(context, tool, args), memo: writeMemo(memo) };
    case 'effect':
      return act(context, { tool, args, memo, request });
    case 'unknown':
      return askWhether(context, { tool, args, memo });
  }
}

async function act(
  context: NodeContext,
  call: {
    readonly tool: Tool;
    readonly args: JsonObject;
    readonly memo: CallMemo;
    readonly request: ToolRequest;
  },
): Promise<CallOutcome> {
  const { tool, args, request } = call;
  const { memoryScopes = memoryOf(context).scopes } = request;
  if (tool.effect === 'once' && !context.firstTry) return askWhether(context, call);
  const ran = await runTool(tool, { args, memoryScopes, ...levelOf(request) }, context);
  return ran.kind === 'unknown' ? askWhether(context, call) : ran;
}

function memoryOf({ version }: NodeContext): MemoryPolicy {
  return version.graph.memory ?? NO_MEMORY;
}

function askWhether(
  context: NodeContext,
  call: { readonly tool: Tool; readonly args: JsonObject; readonly memo: CallMemo },
): CallOutcome {
  const { tool, args, memo } = call;
  return {
    kind: 'wait',
    task: unknownOutcomeTask(context, { tool, args, round: memo.round }),
    memo: writeMemo({ ...memo, phase: 'unknown' }),
  };
}

/** After the caller gave up: a `once` tool that may have acted becomes a question, others failed. */
export function recoverCall(
  context: NodeContext,
  request: ToolRequest,
  failure: Failure,
): CallOutcome {
  const memo = readMemo(context.memo);
  const found = checkCall(context, request, memo);
  const lost =
    found.kind === 'call' &&
    found.tool.effect === 'once' &&
    memo.phase === 'effect' &&
    !context.firstTry;
  if (!lost) return { kind: 'error', error: failure };
  return askWhether(context, { tool: found.tool, args: found.args, memo });
}

/** The answer to a call whose person was asked and which is not executed (again). */
async function settledCall(context: NodeContext): Promise<CallOutcome> {
  const decision = decisionOf(context);
  const kind = context.settled?.task.kind;
  if (decision === null) return failed('human_task.expired', 'nobody decided in time');
  if (decision.kind === 'reject') {
    const reason = decision.reason ?? 'no reason was given';
    return kind === 'unknown_outcome'
      ? failed('tool.outcome_unknown', `nobody knows whether the call happened: ${reason}`)
      : failed('human_task.rejected', `rejected: ${reason}`);
  }
  if (decision.kind === 'edit') {
    return failed('tool.invalid_arguments', 'the edited arguments are not a JSON object');
  }
  const answer = await context.resolve(decision.value ?? null);
  if (kind !== 'unknown_outcome') return { kind: 'result', value: answer };
  return { kind: 'result', value: isJsonObject(answer) ? (answer['result'] ?? null) : null };
}

function failed(code: Failure['code'], message: string): CallOutcome & { readonly kind: 'error' } {
  return { kind: 'error', error: { code, message } };
}

type Checked =
  | { readonly kind: 'call'; readonly tool: Tool; readonly args: JsonObject }
  | { readonly kind: 'error'; readonly error: Failure };

/** The call, if it may be executed at all; else an error that a model can learn from. */
function checkCall(context: NodeContext, request: ToolRequest, memo: CallMemo): Checked {
  const tool = context.tools.get(request.tool);
  if (tool === null || !request.offered) {
    return failed('tool.unknown', `there is no tool "${request.tool}"`);
  }
  if (request.malformed !== undefined) {
    return failed('tool.invalid_arguments', 'the arguments are not a JSON object');
  }
  const args = memo.arguments ?? request.arguments;
  const problems = [...validateJson(tool.parameters, args), ...formProblems(tool, args)];
  if (problems.length > 0) return failed('tool.invalid_arguments', sentenceOf(problems));
  return { kind: 'call', tool, args };
}

function formProblems(tool: Tool, args: JsonObject): readonly Problem[] {
  if (tool.asksHuman !== true) return [];
  const form = formOf(args);
  if (isFormTooLarge(form)) {
    return [{ pointer: '/form', code: 'value.too_large', message: 'the form is too large' }];
  }
  return checkSchema('/form', form);
}

const MAX_LISTED = 5;

function sentenceOf(problems: readonly Problem[]): string {
  const listed = problems
    .slice(0, MAX_LISTED)
    .map(({ pointer, message }) => `${pointer === '' ? 'the arguments' : pointer}: ${message}`);
  return `invalid arguments: ${listed.join('; ')}`;
}
