export { createClient, type Client, type ClientOptions } from './client.ts';
export { HoldfastError, type ClientErrorCode } from './holdfast-error.ts';
export type { Agents } from './agents.ts';
export type { AgentLabels } from './agent-labels.ts';
export type { ApiKeys } from './api-keys.ts';
export type { Artifacts } from './artifacts.ts';
export type { Audit } from './audit.ts';
export type { Catalogue } from './catalogue.ts';
export type { Crawls } from './crawls.ts';
export type { Files, WriteFileRequest } from './files.ts';
export type { Graph } from './graph.ts';
export type { Knowledge, UploadDocument } from './knowledge.ts';
export type { Memories, MemoryChangeOptions, ViewerOptions } from './memories.ts';
export type { WorkingMemories } from './working-memory.ts';
export type { HumanTasks } from './human-tasks.ts';
export type { EventsOptions, JournalPage, Runs } from './runs.ts';
export type { Threads } from './threads.ts';
export type { Values } from './values.ts';
export type { WorkspaceSettings } from './workspace.ts';
export type { Paged } from './paged.ts';
export type { CreateOptions, RequestOptions } from './request-options.ts';
export type { JournalEvent, RunStreamEvent } from './run-event.ts';
export type { StreamOptions } from './event-stream.ts';
export type { IngestionStreamOptions, IngestionWaitOptions } from './ingestion-stream.ts';
export type { WaitOptions } from './run-wait.ts';
export type {
  CreateAgentRequest,
  CreateVersionRequest,
  Label,
  LabelChange,
  ListAgentsQuery,
  MoveLabelRequest,
  UpdateAgentRequest,
  Validation,
} from '../contracts/agent.schema.ts';
export type {
  ApiKey,
  CreateApiKeyRequest,
  CreatedApiKey,
  Me,
} from '../contracts/api-key.schema.ts';
export type { Artifact } from '../contracts/artifact.ts';
export type {
  AuditCheck,
  ChainCheck,
  CommandEntry,
  DenialEntry,
  RequestEntry,
} from '../contracts/sandbox-audit.ts';
export type { FileDiff, FileRevision, FileVersion } from '../contracts/file.ts';
export type { ListFilesQuery, RollbackFilesRequest } from '../contracts/file.schema.ts';
export type { UpdateWorkspaceRequest } from '../contracts/workspace.schema.ts';
export type { Workspace } from '../contracts/workspace.ts';
export type { NodeTypes, Tools } from '../contracts/catalogue.schema.ts';
export type {
  AgentSpec,
  EdgeSpec,
  FullSpec,
  GraphSpec,
  ModelSpec,
  NodeSpec,
  ScriptTurn,
  ShorthandSpec,
} from '../contracts/agent-spec.ts';
export type {
  CancelPending,
  CheckpointState,
  CreateRunRequest,
  ListRunsQuery,
} from '../contracts/run.schema.ts';
export type {
  CreateThreadRequest,
  ListThreadsQuery,
  PostMessageRequest,
} from '../contracts/thread.schema.ts';
export type {
  CreateMemoriesRequest,
  CreateMemoryRequest,
  ListMemoriesQuery,
  ListScopesQuery,
  MemoryFeedbackRequest,
  MemoryHistoryQuery,
  UpdateMemoryRequest,
} from '../contracts/memory.schema.ts';
export type { Erasure, Memory, MemoryEvent, MemoryUsage, ScopeCount } from '../contracts/memory.ts';
export type {
  Citation,
  KnowledgeAnswer,
  Learned,
  MemoryAnswer,
  RecalledChunk,
  RecalledMemory,
  RecallExplanation,
} from '../contracts/recall.ts';
export type {
  SearchKnowledgeBaseRequest,
  SearchKnowledgeRequest,
  SearchMemoriesRequest,
} from '../contracts/recall.schema.ts';
export type {
  AddDocumentRequest,
  CreateKnowledgeBaseRequest,
  DocumentPageQuery,
  ListDocumentsQuery,
  UpdateKnowledgeBaseRequest,
} from '../contracts/knowledge.schema.ts';
export type { IngestionEvent } from '../contracts/ingestion-event.ts';
export type {
  CrawlPagesQuery,
  ListCrawlsQuery,
  StartCrawlRequest,
} from '../contracts/crawl.schema.ts';
export type { Crawl, CrawlPage } from '../contracts/crawl.ts';
export type { Chunk, Ingestion, KnowledgeBase, KnowledgeDocument } from '../contracts/knowledge.ts';
export type {
  CloseFactRequest,
  EntityFactsQuery,
  FindEntitiesQuery,
  NeighbourhoodQuery,
  PathQuery,
  PutEntitiesRequest,
  RecordFactRequest,
} from '../contracts/graph.schema.ts';
export type {
  Entity,
  EntityFacts,
  GraphFact,
  GraphPath,
  Neighbourhood,
} from '../contracts/graph.ts';
export type { SetWorkingValueRequest } from '../contracts/working-memory.schema.ts';
export type {
  WorkingMemory,
  WorkingMemoryOwner,
  WorkingValue,
} from '../contracts/working-memory.ts';
export type { Feedback } from '../contracts/feedback.ts';
export type { GiveFeedbackRequest, ListFeedbackQuery } from '../contracts/feedback.schema.ts';
export type { DecideRequest, ListHumanTasksQuery } from '../contracts/human-task.schema.ts';
export type {
  Agent,
  AgentVersion,
  Checkpoint,
  Run,
  StepRecord,
  Thread,
  ThreadMessage,
} from '../contracts/records.ts';
export type { BlobRef, Value } from '../contracts/blob.ts';
export type { Decision, DecisionKind, HumanTask } from '../contracts/human-task.ts';
export type { ErrorCode } from '../contracts/errors.ts';
export type { Failure } from '../contracts/app-error.ts';
export type { Json, JsonObject, JsonSchema } from '../contracts/json.ts';
export type { Message } from '../contracts/message.ts';
export type { Page, PageQuery } from '../contracts/query.schema.ts';
export type { Problem } from '../contracts/problem.ts';
export type { RunStatus } from '../contracts/status.ts';
export type { TokenEvent } from '../contracts/event.ts';
export type {
  ArtifactPublishedData,
  ContextRecalledData,
  EventData,
  HumanTaskCreatedData,
  RunCreatedData,
  StepCompletedData,
  StepData,
  StepStartedData,
} from '../contracts/event-data.ts';
