import type { AgentStore } from '../db/stores/agent-store.ts';
import type { ApiKeyStore } from '../db/stores/api-key-store.ts';
import type { ArtifactStore } from '../db/stores/artifact-store.ts';
import type { CompileRegistry } from '../engine/compile.ts';
import type { Crash } from '../runtime/failpoint.ts';
import type { CrawlControl } from '../contracts/crawl-control.ts';
import type { CrawlStore } from '../db/stores/crawl-store.ts';
import type { EventListener } from '../db/listener.ts';
import type { FeedbackStore } from '../db/stores/feedback-store.ts';
import type { FetchDocument } from '../contracts/document-fetch.ts';
import type { FileStore } from '../db/stores/file-store.ts';
import type { GraphStore } from '../db/stores/graph-store.ts';
import type { HumanTaskStore } from '../db/stores/human-task-store.ts';
import type { Journal } from '../contracts/journal.ts';
import type { IngestionControl } from '../contracts/ingestion-control.ts';
import type { KnowledgeStore } from '../db/stores/knowledge-store.ts';
import type { LearningStore } from '../db/stores/learning-store.ts';
import { LIMITS } from '../contracts/limits.ts';
import type { Logger } from '../runtime/logger.ts';
import type { MemoryService } from '../activities/memory/memory-service.ts';
import type { MemoryStore } from '../db/stores/memory-store.ts';
import type { NodeDescriptor } from '../engine/node-descriptor.ts';
import type { RunControl } from '../contracts/run-control.ts';
import type { RunStore } from '../db/stores/run-store.ts';
import type { SandboxStore } from '../db/stores/sandbox-store.ts';
import type { ThreadStore } from '../db/stores/thread-store.ts';
import type { Tool } from '../activities/tools/tool.ts';
import type { WorkingMemoryStore } from '../db/stores/working-memory-store.ts';
import type { WorkspaceStore } from '../db/stores/workspace-store.ts';

/** Waits and periods of the API, in milliseconds. */
export interface ApiTiming {
  /** A verified key is trusted this long: a revoked one works on for at most that time. */
  readonly keyCacheMs: number;
  /** Streams check their key anew this often. */
  readonly keyRecheckMs: number;
  readonly sseHeartbeatMs: number;
  /** How long a slow reader of a stream may take to catch up. */
  readonly sseDrainMs: number;
  /** Followers of a run look for news this often even if nobody wakes them. */
  readonly pollMs: number;
  /** Longest pause between two such looks at a quiet run. */
  readonly maxPollMs: number;
  /** A pending `wait` writes a newline this often. */
  readonly waitBeatMs: number;
  /** How long a cancellation is waited for. */
  readonly cancelWaitMs: number;
  /** How long an accepted run's start may hold up the answer. */
  readonly startWaitMs: number;
}

/** The timing in production. */
export const API_TIMING: ApiTiming = {
  keyCacheMs: 15_000,
  keyRecheckMs: 60_000,
  sseHeartbeatMs: LIMITS.sseHeartbeatMs,
  sseDrainMs: 2_000,
  pollMs: 1_000,
  maxPollMs: 5_000,
  waitBeatMs: 1_000,
  cancelWaitMs: 10_000,
  startWaitMs: 2_000,
};

/** What the API is built on. */
export interface ApiDeps {
  readonly agents: AgentStore;
  readonly runs: RunStore;
  readonly threads: ThreadStore;
  readonly humanTasks: HumanTaskStore;
  readonly files: FileStore;
  readonly artifacts: ArtifactStore;
  readonly memories: MemoryStore;
  readonly knowledge: KnowledgeStore;
  readonly graph: GraphStore;
  readonly workingMemory: WorkingMemoryStore;
  readonly feedback: FeedbackStore;
  readonly learnings: Pick<LearningStore, 'get'>;
  readonly memory: Pick<MemoryService, 'recall' | 'searchKnowledge' | 'remember' | 'feedback'>;
  readonly crawls: CrawlStore;
  readonly ingestions: IngestionControl;
  readonly crawlControl: CrawlControl;
  readonly fetchDocument: FetchDocument;
  readonly sandboxes: Pick<SandboxStore, 'commands' | 'denials' | 'requests' | 'verifyChain'>;
  readonly workspaces: Pick<WorkspaceStore, 'get' | 'update'>;
  readonly apiKeys: ApiKeyStore;
  /** Large values: what comes in is stored by reference, references are resolved. */
  readonly values: Pick<Journal, 'putValue' | 'getValue'>;
  readonly listener: Pick<EventListener, 'subscribe'>;
  readonly control: RunControl;
  readonly registry: CompileRegistry;
  readonly nodeTypes: readonly NodeDescriptor[];
  readonly tools: readonly Tool[];
  /** Names what the process depends on and whether it answers now. */
  readonly checkReady: () => Promise<Readonly<Record<string, boolean>>>;
  readonly log: Logger;
  /** Origins whose pages may call the API; empty: none. */
  readonly corsOrigins: readonly string[];
  readonly timing?: Partial<ApiTiming>;
  /** Where tests kill the process; absent in production. */
  readonly crash?: Crash;
}
