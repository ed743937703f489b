import { MESSAGES_CHANNEL } from '../../engine/fold.ts';
import { isBlobRef, type Value } from '../../contracts/blob.ts';
import { pathOf } from '../../engine/order-key.ts';
import { validateJson } from '../../engine/json-schema.ts';
import type { CompiledVersion, StepRecord } from '../../contracts/records.ts';
import type { Delta, StepOutcome } from '../../contracts/step.ts';
import type { Journal, RunEndWrite, RunFacts } from '../../contracts/journal.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { Message } from '../../contracts/message.ts';
import type { NodeRegistry } from '../nodes/registry.ts';
import type { ResultRole } from '../nodes/node-type.ts';
import type { RunEnd } from '../../contracts/frontier.ts';
import type { RunLibrary } from './run-library.ts';
import type { StateReader } from './state-reader.ts';

/** What finding a run's end needs. */
export interface EndDeps {
  readonly journal: Journal;
  readonly nodes: NodeRegistry;
  readonly library: RunLibrary;
  readonly states: StateReader;
}

/** The step that ends the run, before it is committed. */
export interface LastStep {
  readonly nodeId: string;
  readonly key: string;
  readonly outcome: StepOutcome;
  readonly result: Value | null;
  readonly deltas: readonly Delta[];
  /** State behind the step. */
  readonly state: JsonObject;
}

/** A run that is about to end. */
export interface Ending {
  readonly run: RunFacts;
  readonly version: CompiledVersion;
  readonly epoch: number;
  readonly end: RunEnd;
  /** Null when no step comes with the end. */
  readonly last: LastStep | null;
}

/**
 * The end as it is written: the output, and what the run adds to its thread. A success whose output
 * does not fit the version's schema is a failure.
 */
export async function endWrite(deps: EndDeps, ending: Ending): Promise<RunEndWrite> {
  const { end } = ending;
  if (end.status !== 'succeeded') return { end, output: null, messages: [] };
  const found = await findOutput(deps, ending);
  const output = found ?? null;
  const misfit = await misfitOf(deps, ending, found);
  if (misfit !== null) return { end: misfit, output: null, messages: [] };
  return { end, output, messages: await threadMessages(deps, ending, output) };
}

function roleOf(deps: EndDeps, version: CompiledVersion, nodeId: string): ResultRole | null {
  const node = version.graph.nodes[nodeId];
  if (node === undefined) return null;
  return deps.nodes.get(node.type)?.resultRole?.(node.config) ?? null;
}

/** The last result that is an output, else the last that is an answer; undefined if none is. */
async function findOutput(deps: EndDeps, ending: Ending): Promise<Value | undefined> {
  const { run, version, epoch, last } = ending;
  if (last !== null && isFinal(deps, version, last)) return last.result ?? null;
  const records = await deps.journal.loadSteps(run, epoch);
  const results = [
    ...records.filter(isDone).map(({ nodeId, key, result }) => ({ nodeId, key, result })),
    ...(last?.outcome.kind === 'done' ? [last] : []),
  ].sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const role of ['output', 'answer'] as const) {
    const found = results.findLast(({ nodeId }) => roleOf(deps, version, nodeId) === role);
    if (found !== undefined) return found.result ?? null;
  }
  return undefined;
}

/** Nothing comes behind a step on the main path: if it sets the output, no other step counts. */
function isFinal(deps: EndDeps, version: CompiledVersion, last: LastStep): boolean {
  if (last.outcome.kind !== 'done' || pathOf(last.key) !== '') return false;
  return roleOf(deps, version, last.nodeId) === 'output';
}

function isDone(record: StepRecord): boolean {
  return record.op === 'node' && record.outcome?.kind === 'done';
}

async function misfitOf(
  deps: EndDeps,
  { run, version }: Ending,
  output: Value | undefined,
): Promise<RunEnd | null> {
  const schema = version.graph.output;
  if (schema === true) return null;
  const value = await deps.library.resolve(run.workspaceId, output ?? null);
  const [problem] = validateJson(schema, value);
  if (problem === undefined) return null;
  if (output === undefined) {
    const message = 'the run ended without an output, but its agent promises one';
    return { status: 'failed', error: { code: 'graph.no_output', message } };
  }
  const where = problem.pointer === '' ? '' : ` at ${problem.pointer}`;
  const message = `the output does not fit the agent's schema${where}: ${problem.message}`;
  return { status: 'failed', error: { code: 'step.invalid_output', message } };
}

/** The run's own messages; a run that talked to no model adds its output as the answer. */
async function threadMessages(
  deps: EndDeps,
  ending: Ending,
  output: Value | null,
): Promise<readonly Message[]> {
  if (ending.run.threadId === null) return [];
  const state = await finalState(deps, ending);
  const stored = state[MESSAGES_CHANNEL] ?? [];
  const value: Json = isBlobRef(stored)
    ? await deps.journal.getValue(ending.run.workspaceId, stored)
    : stored;
  // Nodes write messages to this channel and nothing else; see conversation.ts.
  const own = Array.isArray(value) ? (value as unknown as readonly Message[]) : [];
  const answered = own.some((message) => message.role === 'assistant' && !asksForTools(message));
  if (answered || output === null) return own;
  return [...own, { role: 'assistant', content: output }];
}

function asksForTools(message: Message & { readonly role: 'assistant' }): boolean {
  return (message.toolCalls ?? []).length > 0;
}

async function finalState(deps: EndDeps, ending: Ending): Promise<JsonObject> {
  const { run, version, epoch, last } = ending;
  if (last !== null && pathOf(last.key) === '') return last.state;
  const place = { ref: run, epoch, channels: version.graph.channels };
  return deps.states.atEnd(place, last === null ? null : { key: last.key, deltas: last.deltas });
}
