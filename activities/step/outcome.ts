import { AppError, toFailure, type Failure } from '../../contracts/app-error.ts';
import { NO_USAGE, type Delta, type StepOutcome, type Usage } from '../../contracts/step.ts';
import { conditionsBehind } from './mentions.ts';
import { evaluate } from '../../engine/expression.ts';
import { foldDeltas } from '../../engine/fold.ts';
import { guardJson } from './json-guard.ts';
import type { CompiledVersion } from '../../contracts/records.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { NodeResult, Scope } from '../nodes/node-type.ts';
import type { NodeSpec } from '../../contracts/agent-spec.ts';
import type { OffloadedDelta, Offloader } from './offload.ts';
import type { StepCall } from '../../contracts/step.ts';
import type { Value } from '../../contracts/blob.ts';

/** A node's answer, ready to be committed. */
export interface Settled {
  readonly outcome: StepOutcome;
  /** As recorded; large values are references. */
  readonly result: Value | null;
  /** As the node answered. */
  readonly value: Json;
  readonly deltas: readonly Delta[];
  /** State behind the step. */
  readonly state: JsonObject;
  readonly usage: Usage;
  readonly model: string | null;
  /** The failure behind a default value, or of the step. */
  readonly error: Failure | null;
}

/** What turning a node's answer into an outcome needs. */
export interface Settling {
  readonly offloader: Offloader;
  readonly version: CompiledVersion;
  readonly node: NodeSpec;
  readonly call: StepCall;
  readonly scope: Scope;
  /** State before the step. */
  readonly state: JsonObject;
}

type Finished = Exclude<NodeResult, { kind: 'wait' }>;

/** Checks and stores what a node answered, and decides where the run goes from there. */
export async function settleResult(settling: Settling, result: Finished): Promise<Settled> {
  if (result.kind === 'failed') {
    return settleFailure(settling, result.error, result.usage ?? NO_USAGE);
  }
  try {
    return await settleValue(settling, result);
  } catch (error) {
    // A journal that cannot be reached says nothing about the value.
    if (!(error instanceof AppError) || error.retryable) throw error;
    return settleFailure(settling, toFailure(error), result.usage ?? NO_USAGE);
  }
}

async function settleValue(
  settling: Settling,
  result: Exclude<Finished, { kind: 'failed' }>,
): Promise<Settled> {
  const value = guardJson(result.result, { what: 'the result', tooLarge: 'value.too_large' });
  const offloaded = await storeDeltas(settling, result.deltas ?? []);
  const { channels } = settling.version.graph;
  const folded = offloaded.map((delta) => delta.folded);
  const state = foldDeltas(channels, settling.state, folded);
  const usage = result.usage ?? NO_USAGE;
  const counted = usage === NO_USAGE ? {} : { usage };
  const outcome: StepOutcome =
    result.kind === 'spawn'
      ? { kind: 'spawn', calls: result.calls, ...counted }
      : { kind: 'done', ...takenBy(settling, value, result.deltas ?? []), ...counted };
  return {
    outcome,
    result: await settling.offloader.value(value),
    value,
    deltas: offloaded.map((delta) => delta.stored),
    state,
    usage,
    model: result.model ?? null,
    error: null,
  };
}

async function storeDeltas(
  settling: Settling,
  deltas: readonly Delta[],
): Promise<readonly OffloadedDelta[]> {
  const stored: OffloadedDelta[] = [];
  for (const delta of deltas) {
    const what = `the value for channel ${delta.channel}`;
    guardJson(delta.value, { what, tooLarge: 'value.too_large' });
    stored.push(await settling.offloader.delta(settling.version.graph.channels, delta));
  }
  return stored;
}

/** The conditional case that holds, evaluated with the state behind the step. */
function takenBy(
  settling: Settling,
  result: Json,
  deltas: readonly Delta[],
): { readonly take?: number } {
  const { version, call, scope } = settling;
  if (call.op === 'call') return {};
  const edge = conditionsBehind(version, call.nodeId);
  if (edge === null) return {};
  const state = foldDeltas(version.graph.channels, scope.state, deltas);
  const roots = { input: scope.input, state, visit: scope.visit, result };
  const take = edge.cases.findIndex(({ when }) => evaluate(when, roots) === true);
  return { take };
}

/** A finally failed step fails, unless its node goes on with a default value. */
async function settleFailure(settling: Settling, error: Failure, usage: Usage): Promise<Settled> {
  const { node, call } = settling;
  if (node.onError?.do === 'continue' && call.op === 'node') {
    try {
      const value = node.onError.value ?? null;
      const deltas = savedBy(node, value);
      const settled = await settleValue(settling, { kind: 'done', result: value, deltas, usage });
      return { ...settled, error };
    } catch (second) {
      if (!(second instanceof AppError) || second.retryable) throw second;
    }
  }
  return {
    outcome: { kind: 'failed', error, ...(usage === NO_USAGE ? {} : { usage }) },
    result: null,
    value: null,
    deltas: [],
    state: settling.state,
    usage,
    model: null,
    error,
  };
}

/** The default goes where the node's result would have gone. */
function savedBy(node: NodeSpec, value: Json): readonly Delta[] {
  const { save } = node.config;
  return typeof save === 'string' ? [{ channel: save, value }] : [];
}
