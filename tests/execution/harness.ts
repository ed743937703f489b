import { builtInNodeTypes, createNodeRegistry } from '../../activities/nodes/registry.ts';
import { createBuiltInTools } from '../../activities/tools/built-in/built-in-tools.ts';
import {
  createMemoryJournal,
  type MemoryJournal,
} from '../../activities/journal/memory-journal.ts';
import { createToolRegistry } from '../../activities/tools/registry.ts';
import { compile } from '../../engine/compile.ts';
import { newId } from '../../contracts/ids.ts';
import { runInProcess, type InProcessOptions } from '../../activities/segment/run-in-process.ts';
import { StateReader } from '../../activities/step/state-reader.ts';
import { resolveDeep } from '../../activities/step/resolve-value.ts';
import type { ChatModels, ModelRequest, ModelResponse } from '../../adapters/models/port.ts';
import type { CompiledVersion } from '../../contracts/records.ts';
import type { Decision, DecisionKind, HumanTask } from '../../contracts/human-task.ts';
import type { EffectClass } from '../../contracts/effect.ts';
import type { FullSpec, GraphSpec } from '../../contracts/agent-spec.ts';
import type { Frontier } from '../../contracts/frontier.ts';
import type { Journal, RunFacts, RunRef } from '../../contracts/journal.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { Message, ToolCall } from '../../contracts/message.ts';
import type { RunEvent } from '../../contracts/event.ts';
import type { StepDeps } from '../../activities/step/execute-step.ts';
import type { Tool } from '../../activities/tools/tool.ts';

/** What a test runs. */
export interface Scenario {
  readonly spec: FullSpec;
  readonly input?: Json;
  readonly tools?: readonly Tool[];
  readonly models?: ChatModels;
  /** Messages of the run's thread before the one that it answers. */
  readonly thread?: readonly Message[];
}

/** A run on a journal in memory. */
export interface TestRun {
  readonly journal: MemoryJournal;
  readonly deps: StepDeps;
  readonly ref: RunRef;
  /** Drives the run until it ends or waits for somebody whom `decide` does not answer for. */
  go(options?: InProcessOptions & { readonly journal?: Journal }): Promise<Frontier>;
  output(): Promise<Json>;
  events(type?: string): readonly RunEvent[];
  tasks(): readonly HumanTask[];
  /** State behind all of the run's steps. */
  state(): Promise<JsonObject>;
}

const WORKSPACE = 'ws_1';
const THREAD = 'thr_1';

/** Models that are never called. */
export const NO_MODELS: ChatModels = {
  call: () => Promise.reject(new Error('no model was expected to be called')),
};

/** A whole answer from its unusual parts. */
export function answer(part: Partial<ModelResponse>): ModelResponse {
  return {
    text: '',
    toolCalls: [],
    output: null,
    finishReason: 'stop',
    usage: { inputTokens: 3, outputTokens: 2 },
    model: 'fake:model',
    ...part,
  };
}

/** Models whose answer depends on the request alone, so that a repeated call gives the same. */
export function modelsOf(
  play: (request: ModelRequest) => Partial<ModelResponse> | Error,
): ChatModels & { readonly requests: readonly ModelRequest[] } {
  const requests: ModelRequest[] = [];
  return {
    requests,
    call: async (request, { onText }) => {
      requests.push(request);
      const played = play(request);
      if (played instanceof Error) throw played;
      if (played.text !== undefined) onText(played.text);
      return answer(played);
    },
  };
}

/** Models that ask for these calls first and answer with `text` once tools have spoken. */
export function modelsCalling(
  calls: readonly (Partial<ToolCall> & { readonly name: string })[],
  text = 'done',
): ReturnType<typeof modelsOf> {
  return modelsOf(({ messages }) =>
    messages.some(({ role }) => role === 'tool') ? { text } : { toolCalls: calls.map(toCall) },
  );
}

function toCall(call: Partial<ToolCall> & { readonly name: string }, index: number): ToolCall {
  return { id: `call_${index}`, arguments: {}, ...call };
}

/** A tool that notes each execution, and what it does on each. */
export interface CountingTool extends Tool {
  readonly executed: JsonObject[];
  readonly keys: string[];
}

/** A tool of an effect class that notes each execution before it acts. */
export function countingTool(
  effect: EffectClass,
  part: Partial<Tool> = {},
  act: (args: JsonObject, nth: number) => Json | Promise<Json> = (args) => args,
): CountingTool {
  const executed: JsonObject[] = [];
  const keys: string[] = [];
  return {
    name: `count_${effect}`,
    description: 'Notes that it was executed.',
    parameters: { type: 'object' },
    effect,
    timeoutMs: 5_000,
    light: false,
    ...part,
    executed,
    keys,
    execute: async (args, { idempotencyKey }) => {
      executed.push(args);
      keys.push(idempotencyKey);
      return act(args, executed.length);
    },
  };
}

/** A graph of these nodes, one behind the other, and an end if the last is none. */
export function chain(given: GraphSpec['nodes'], channels: GraphSpec['channels'] = {}): FullSpec {
  const closed = given.at(-1)?.type === 'end';
  const nodes = closed ? given : [...given, { id: 'end', type: 'end', config: {} }];
  const edges = nodes
    .slice(1)
    .map((node, i) => ({ type: 'normal' as const, from: nodes[i]?.id ?? '', to: node.id }));
  return { graph: { nodes, edges, channels } };
}

/** One agent with tools, and an end. */
export function agentSpec(tools: readonly string[], config: JsonObject = {}): FullSpec {
  const uses = tools.map((name) => ({ name, approval: 'never' }));
  return chain([
    {
      id: 'agent',
      type: 'agent',
      config: { model: { provider: 'default' }, instructions: 'Help.', tools: uses, ...config },
    },
    { id: 'end', type: 'end', config: {} },
  ]);
}

/** A decision on a task. */
export function decision(kind: DecisionKind, part: Partial<Decision> = {}): Decision {
  return {
    decisionId: newId('decision'),
    kind,
    decidedBy: 'key_1',
    decidedAt: '2026-01-01T00:00:00.000Z',
    ...part,
  };
}

/** A run of the scenario that has not begun. */
export function prepareRun(scenario: Scenario): TestRun {
  const nodes = createNodeRegistry(builtInNodeTypes);
  const builtIn = createBuiltInTools({ httpAllowHosts: [], inputsRoot: null });
  const tools = createToolRegistry([...builtIn, ...(scenario.tools ?? [])]);
  const compiled = compile(scenario.spec, {
    nodeType: (type) => nodes.get(type),
    tool: (name) => tools.get(name),
  });
  if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems));
  const version: CompiledVersion = {
    id: 'ver_1',
    workspaceId: WORKSPACE,
    agentId: 'agt_1',
    agentName: 'test',
    number: 1,
    version: '1',
    changelog: '',
    createdAt: '2026-01-01T00:00:00.000Z',
    spec: scenario.spec,
    ...compiled,
  };
  const ref: RunRef = { workspaceId: WORKSPACE, runId: newId('run') };
  const { thread } = scenario;
  const facts: RunFacts = {
    ...ref,
    versionId: version.id,
    threadId: thread === undefined ? null : THREAD,
    userId: null,
    threadPosition: thread?.length ?? 0,
    status: 'queued',
    input: scenario.input ?? {},
    epoch: 0,
    createdAt: Date.now(),
    cancelRequested: false,
  };
  const journal = createMemoryJournal({
    versions: [version],
    runs: [facts],
    ...(thread === undefined ? {} : { messages: { [THREAD]: thread } }),
  });
  const deps: StepDeps = { journal, models: scenario.models ?? NO_MODELS, tools, nodes };
  return {
    journal,
    deps,
    ref,
    go: async ({ journal: used, ...options } = {}) => {
      const run = await runInProcess({ ...deps, journal: used ?? journal }, ref, options);
      return run.frontier;
    },
    output: async () => journal.getValue(WORKSPACE, journal.run(ref).output ?? null),
    events: (type) => journal.run(ref).events.filter((e) => type === undefined || e.type === type),
    tasks: () => [...journal.run(ref).tasks.values()],
    state: async () => {
      const { channels } = version.graph;
      const state = await new StateReader(journal).atEnd({ ref, epoch: 0, channels }, null);
      const resolved = await resolveDeep(journal, WORKSPACE, state);
      return resolved as JsonObject;
    },
  };
}
