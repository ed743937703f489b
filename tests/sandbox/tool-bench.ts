import { createHash } from 'node:crypto';
import { createFileStore, type FileStore } from '../../db/stores/file-store.ts';
import { createFileTools } from '../../activities/tools/sandbox/files-tools.ts';
import { createStores, createTenant, type Tenant } from '../db/fixtures.ts';
import { freshSchema, type TestSchema } from '../harness/postgres.ts';
import { DEFAULT_SANDBOX_POLICY } from '../../contracts/sandbox.ts';
import { validateJson } from '../../engine/json-schema.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { SpaceRef } from '../../contracts/file.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { Tool, ToolContext } from '../../activities/tools/tool.ts';

/** A context of a call by the node `agent`; every call has another key unless one is given. */
export function contextOf(run: RunRef, more: Partial<ToolContext> = {}): ToolContext {
  return {
    ...run,
    signal: new AbortController().signal,
    idempotencyKey: createHash('sha256').update(crypto.randomUUID()).digest('hex'),
    stepId: 'agent.call:1@0.0',
    actor: 'test@1',
    owner: { userId: null, agentId: null, threadId: null },
    knowledgeBases: null,
    memoryScopes: [],
    sandbox: DEFAULT_SANDBOX_POLICY,
    onOutput: () => undefined,
    ...more,
  };
}

/** Calls tools by name, as an agent does: arguments that do not fit are an error of the test. */
export function callerOf(tools: readonly Tool[]) {
  return async (name: string, args: JsonObject, context: ToolContext): Promise<Json> => {
    const tool = tools.find((each) => each.name === name);
    if (tool === undefined) throw new Error(`there is no tool ${name}`);
    const problems = validateJson(tool.parameters, args);
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    return tool.execute(args, context);
  };
}

type Agent = (name: string, args: JsonObject, more?: Partial<ToolContext>) => Promise<Json>;

/** Tools for files in a schema of their own. */
export interface FileToolBench {
  readonly schema: TestSchema;
  readonly tenant: Tenant;
  readonly files: FileStore;
  readonly call: ReturnType<typeof callerOf>;
  /** A new run with two agents that call the tools. */
  readonly newRun: () => Promise<{
    readonly run: RunRef;
    readonly ann: Agent;
    readonly bob: Agent;
  }>;
  readonly close: () => Promise<void>;
}

/** Makes one; downloads may come from these hosts. */
export async function openFileToolBench(
  allowHosts: readonly string[] = [],
): Promise<FileToolBench> {
  const schema = await freshSchema();
  const tenant = await createTenant(createStores(schema.database));
  const files = createFileStore(schema.database);
  const call = callerOf(createFileTools(files, { allowHosts }));
  return {
    ...{ schema, tenant, files, call },
    newRun: async () => {
      const run = await tenant.seedRun();
      const as =
        (stepId: string): Agent =>
        (name, args, more = {}) =>
          call(name, args, contextOf(run, { stepId, ...more }));
      return { run, ann: as('ann.call:1@0'), bob: as('bob.call:1@1') };
    },
    close: () => schema.drop(),
  };
}

/** The run's own files. */
export function spaceOf({ workspaceId, runId }: RunRef): SpaceRef {
  return { workspaceId, spaceId: runId };
}
