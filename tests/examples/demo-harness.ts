import { createAgentStore } from '../../db/stores/agent-store.ts';
import { createApiKeyStore } from '../../db/stores/api-key-store.ts';
import { createJournal } from '../../db/journal/journal.ts';
import { createRunStore } from '../../db/stores/run-store.ts';
import { createWorkspaceStore } from '../../db/stores/workspace-store.ts';
import { builtInNodeTypes, createNodeRegistry } from '../../activities/nodes/registry.ts';
import { createBuiltInTools } from '../../activities/tools/built-in/built-in-tools.ts';
import { createScriptedModel } from '../../adapters/models/scripted/scripted-model.ts';
import { createToolRegistry } from '../../activities/tools/registry.ts';
import { newId } from '../../contracts/ids.ts';
import { evaluate, renderTemplate } from '../../engine/expression.ts';
import { requireCompiled } from '../../api/compile-spec.ts';
import { runInProcess } from '../../activities/segment/run-in-process.ts';
import { validateJson } from '../../engine/json-schema.ts';
import { freshSchema } from '../harness/postgres.ts';
import type { DemoAgent } from '../../examples/demo-agent.ts';
import type { DecisionKind, HumanTask } from '../../contracts/human-task.ts';
import type { Json } from '../../contracts/json.ts';
import type { Run } from '../../contracts/records.ts';
import type { RunEvent } from '../../contracts/event.ts';

/** What the person in a test decides. */
export interface Answer {
  readonly kind: DecisionKind;
  readonly value?: Json;
  readonly reason?: string;
}

/** A run of a demo agent at its end, and what happened on the way. */
export interface Played {
  readonly run: Run;
  /** Ids of the steps in the order in which they were executed. */
  readonly ran: readonly string[];
  readonly events: readonly RunEvent[];
  readonly asked: readonly HumanTask[];
}

/** Runs demo agents in this process, with the scripted model, on a journal of its own. */
export interface DemoHarness {
  play(
    agent: DemoAgent,
    input: Json,
    decide?: (task: HumanTask, asked: number) => Answer,
  ): Promise<Played>;
  stop(): Promise<void>;
}

/** A harness for one test file. */
export async function startDemoHarness(options: {
  readonly inputsRoot: string;
  readonly httpAllowHosts: readonly string[];
}): Promise<DemoHarness> {
  const schema = await freshSchema();
  const { database } = schema;
  const journal = createJournal(database);
  const nodes = createNodeRegistry(builtInNodeTypes);
  const tools = createToolRegistry(createBuiltInTools(options));
  const deps = { validate: validateJson, evaluate, renderTemplate };
  const models = createScriptedModel(deps, 0);
  const agents = createAgentStore(database);
  const runs = createRunStore(database);
  const workspace = await createWorkspaceStore(database).create({ name: 'demo' });
  const { record: apiKey } = await createApiKeyStore(
    database,
    'a-pepper-that-is-long-enough-for-tests',
  ).create(workspace.id, { name: 'demo', role: 'admin' });
  const registry = {
    nodeType: (type: string) => nodes.get(type),
    tool: (name: string) => tools.get(name),
  };

  const createRun = async (demo: DemoAgent, input: Json): Promise<Run> => {
    const name = `${demo.name}-${newId('run').slice(-8)}`;
    const agent = await agents.create(workspace.id, { name, description: demo.description });
    const compiled = requireCompiled(JSON.parse(JSON.stringify(demo.spec)) as Json, registry);
    const version = await agents.createVersion(workspace.id, {
      agentId: agent.id,
      ...compiled,
      changelog: '',
    });
    const principal = { apiKeyId: apiKey.id, workspaceId: workspace.id, role: 'admin' } as const;
    const { run } = await runs.create(workspace.id, {
      agentId: agent.id,
      versionId: version.id,
      thread: null,
      input,
      principal,
    });
    return run;
  };

  return {
    play: async (demo, input, decide) => {
      const { id: runId } = await createRun(demo, input);
      const asked: HumanTask[] = [];
      const { ran } = await runInProcess(
        { journal, models, tools, nodes },
        { workspaceId: workspace.id, runId },
        {
          decide: async (task) => {
            if (decide === undefined) throw new Error(`nobody is there to decide: ${task.title}`);
            asked.push(task);
            return {
              ...decide(task, asked.length),
              decisionId: newId('decision'),
              decidedBy: apiKey.id,
              decidedAt: new Date().toISOString(),
            };
          },
        },
      );
      const run = await runs.get(workspace.id, runId);
      const output = run.output === null ? null : await journal.getValue(workspace.id, run.output);
      const events = await runs.events(workspace.id, runId, { afterSeq: 0, limit: 1_000 });
      return { run: { ...run, output }, ran, events, asked };
    },
    stop: async () => {
      await journal[Symbol.asyncDispose]();
      await schema.drop();
    },
  };
}
