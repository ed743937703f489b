import { createAgentStore } from '../../db/stores/agent-store.ts';
import { createApi } from '../../api/create-api.ts';
import { createApiKeyStore } from '../../db/stores/api-key-store.ts';
import { createArtifactStore } from '../../db/stores/artifact-store.ts';
import { createLearningStore } from '../../db/stores/learning-store.ts';
import { createFeedbackStore } from '../../db/stores/feedback-store.ts';
import { createFileStore } from '../../db/stores/file-store.ts';
import { createSandboxStore, type SandboxStore } from '../../db/stores/sandbox-store.ts';
import { createCrawlStore } from '../../db/stores/crawl-store.ts';
import { createEventListener } from '../../db/listener.ts';
import { createHumanTaskStore } from '../../db/stores/human-task-store.ts';
import { createGraphStore } from '../../db/stores/graph-store.ts';
import { createKnowledgeStore } from '../../db/stores/knowledge-store.ts';
import { createMemoryStore } from '../../db/stores/memory-store.ts';
import { createProjectionStore, type ProjectionStore } from '../../db/stores/projection-store.ts';
import { createWorkingMemoryStore } from '../../db/stores/working-memory-store.ts';
import { createJournal } from '../../db/journal/journal.ts';
import { createLogger } from '../../runtime/logger.ts';
import { builtInNodeTypes, createNodeRegistry } from '../../activities/nodes/registry.ts';
import { createRunStore } from '../../db/stores/run-store.ts';
import { createThreadStore } from '../../db/stores/thread-store.ts';
import { createToolRegistry } from '../../activities/tools/registry.ts';
import { createWorkspaceStore } from '../../db/stores/workspace-store.ts';
import { freshSchema } from '../harness/postgres.ts';
import { ROLES, type Role } from '../../contracts/status.ts';
import { startApi } from '../../api/start-api.ts';
import { createFakeMemory } from './fake-memory.ts';
import { createFakeControl, type FakeControl } from './fake-control.ts';
import { readAnswer, type Answer } from './answer.ts';
import type { AgentSpec } from '../../contracts/agent-spec.ts';
import type { ApiDeps } from '../../api/deps.ts';
import type { EventDraft } from '../../contracts/event.ts';
import type { Journal } from '../../contracts/journal.ts';
import type { RunEnd } from '../../contracts/frontier.ts';
import type { Tool } from '../../activities/tools/tool.ts';

const PEPPER = 'a-pepper-for-tests-that-is-long-enough';

/** How a test calls. */
export interface CallOptions {
  readonly key?: string | null;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly raw?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Keys and helpers of one workspace. */
export interface TestWorkspace {
  readonly id: string;
  readonly keys: Readonly<Record<Role, string>>;
}

/** The API on real stores, with a fake behind the workflows. */
export interface TestApi {
  readonly url: string;
  readonly deps: ApiDeps;
  readonly journal: Journal;
  readonly control: FakeControl;
  readonly sandboxes: SandboxStore;
  readonly projections: ProjectionStore;
  readonly own: TestWorkspace;
  readonly foreign: TestWorkspace;
  /** With the own workspace's admin key, if none is named. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** Makes an agent; answers with its name. */
  agent(spec?: AgentSpec, key?: string): Promise<string>;
  /** Starts a run of a new agent; answers with its id. */
  run(input?: unknown): Promise<string>;
  /** Appends events to a run of the own workspace; the first time also starts it. */
  append(runId: string, ...events: readonly EventDraft[]): Promise<number>;
  end(runId: string, end?: RunEnd): Promise<void>;
  /** How many follow the run in this process now; readers of one run count as one. */
  followed(runId: string): number;
  stop(): Promise<void>;
}

/** The spec of most tests' agents. */
export const SPEC: AgentSpec = {
  model: { provider: 'scripted', script: [{ say: 'hello' }] },
  instructions: 'Say hello.',
  tools: [],
  input: {
    type: 'object',
    properties: { topic: { type: 'string' }, message: {} },
    additionalProperties: false,
  },
};

const ECHO: Tool = {
  name: 'echo',
  description: 'Answers with its arguments.',
  parameters: { type: 'object' },
  effect: 'pure',
  timeoutMs: 1_000,
  light: true,
  execute: (args) => Promise.resolve(args),
};

let names = 0;

/** Starts an API for a test file. */
export async function startTestApi(change: Partial<ApiDeps> = {}): Promise<TestApi> {
  const schema = await freshSchema();
  const { database } = schema;
  const journal = createJournal(database);
  const listener = createEventListener(schema.connectionString);
  const followed = new Map<string, number>();
  const control = createFakeControl(journal);
  const nodes = createNodeRegistry(builtInNodeTypes);
  const tools = createToolRegistry([ECHO]);
  const workspaces = createWorkspaceStore(database);
  const sandboxes = createSandboxStore(database);
  const memories = createMemoryStore(database);
  const knowledge = createKnowledgeStore(database);
  const deps: ApiDeps = {
    agents: createAgentStore(database),
    runs: createRunStore(database),
    threads: createThreadStore(database),
    humanTasks: createHumanTaskStore(database),
    apiKeys: createApiKeyStore(database, PEPPER),
    files: createFileStore(database),
    artifacts: createArtifactStore(database),
    sandboxes,
    memories,
    knowledge,
    graph: createGraphStore(database),
    workingMemory: createWorkingMemoryStore(database),
    feedback: createFeedbackStore(database),
    learnings: createLearningStore(database),
    memory: createFakeMemory(memories, knowledge),
    crawls: createCrawlStore(database),
    crawlControl: { start: async () => 'open', cancel: async () => {} },
    ingestions: { start: async () => 'open', cancel: async () => {} },
    fetchDocument: async (url) => ({ url, mediaType: 'text/plain', bytes: Buffer.from(url) }),
    workspaces,
    values: journal,
    listener: { subscribe: countedBy(followed, listener) },
    control,
    registry: { nodeType: (type) => nodes.get(type), tool: (name) => tools.get(name) },
    nodeTypes: builtInNodeTypes,
    tools: tools.list(),
    checkReady: async () => ({ database: true }),
    log: createLogger('silent', 'test'),
    corsOrigins: [],
    ...change,
  };
  const own = await seed(workspaces, deps);
  const foreign = await seed(workspaces, deps);
  const server = await startApi({ app: createApi(deps), port: 0, host: '127.0.0.1' });
  return {
    url: server.url,
    deps,
    journal,
    control,
    sandboxes,
    projections: createProjectionStore(database),
    own,
    foreign,
    followed: (runId) => followed.get(runId) ?? 0,
    ...helpers(server.url, journal, own),
    stop: async () => {
      await server.close();
      await listener[Symbol.asyncDispose]();
      await journal[Symbol.asyncDispose]();
      await schema.drop();
    },
  };
}

/** Subscribes like the listener, and keeps count. */
function countedBy(
  counts: Map<string, number>,
  listener: ApiDeps['listener'],
): ApiDeps['listener']['subscribe'] {
  return (runId, onChange) => {
    const stop = listener.subscribe(runId, onChange);
    counts.set(runId, (counts.get(runId) ?? 0) + 1);
    return () => {
      counts.set(runId, (counts.get(runId) ?? 0) - 1);
      stop();
    };
  };
}

async function seed(
  workspaces: ReturnType<typeof createWorkspaceStore>,
  deps: ApiDeps,
): Promise<TestWorkspace> {
  const { id } = await workspaces.create({ name: 'test' });
  const keys = { admin: '', author: '', runner: '', viewer: '' };
  for (const role of ROLES) {
    keys[role] = (await deps.apiKeys.create(id, { name: role, role })).key;
  }
  return { id, keys };
}

function helpers(
  url: string,
  journal: Journal,
  own: TestWorkspace,
): Pick<TestApi, 'call' | 'agent' | 'run' | 'append' | 'end'> {
  const call: TestApi['call'] = async (method, path, options = {}) => {
    const key = options.key === undefined ? own.keys.admin : options.key;
    const body = options.raw ?? (options.body === undefined ? null : JSON.stringify(options.body));
    const response = await fetch(`${url}${path}`, {
      method,
      body,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === null ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
    });
    return readAnswer(response);
  };
  const agent: TestApi['agent'] = async (spec = SPEC, key = own.keys.admin) => {
    names += 1;
    const name = `agent-${names}`;
    const made = await call('POST', '/v1/agents', { key, body: { name, spec } });
    if (made.status !== 201) throw new Error(made.text);
    return name;
  };
  const append: TestApi['append'] = async (runId, ...events) => {
    const ref = { workspaceId: own.id, runId };
    const written = await journal.commit({ ...ref, epoch: 0, start: true, events });
    if (written.kind !== 'committed') throw new Error(`not written: ${written.kind}`);
    return written.lastSeq;
  };
  return {
    call,
    agent,
    append,
    run: async (input = {}) => {
      const made = await call('POST', '/v1/runs', { body: { agent: await agent(), input } });
      if (made.status !== 201) throw new Error(made.text);
      return made.body.id;
    },
    end: async (runId, end = { status: 'succeeded' }) => {
      await journal.commit({
        workspaceId: own.id,
        runId,
        epoch: 0,
        start: true,
        events: [{ type: `run.${end.status}`, data: {} }],
        end: { end, output: end.status === 'succeeded' ? 'done' : null, messages: [] },
      });
    },
  };
}
