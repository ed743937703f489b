const KIB = 1024;
const MIB = 1024 * KIB;

/** Every limit of the service. Reaching one is refused with a code that names it. */
export const LIMITS = {
  /** Larger values are kept as blobs and travel by reference. */
  inlineValueBytes: 16 * KIB,
  /** The largest single value: an input, a tool result, a channel's value. */
  valueBytes: 32 * MIB,
  /** The largest request body; routes that carry no run input have the smaller one. */
  bodyBytes: 33 * MIB,
  smallBodyBytes: 4 * MIB,
  jsonDepth: 64,
  nameChars: 64,
  instructionsBytes: 64 * KIB,
  specBytes: 1 * MIB,
  graphNodes: 500,
  fanoutTargets: 100,
  conditionalCases: 50,
  channels: 100,
  toolsPerAgent: 64,
  forkDepth: 8,
  expressionChars: 4 * KIB,
  /** Elements that one evaluation of an expression may visit. */
  expressionVisits: 100_000,
  parallelToolCalls: 32,
  schemaBytes: 64 * KIB,
  labelsPerAgent: 50,
  formBytes: 64 * KIB,
  decisionBytes: 1 * MIB,
  idempotencyKeyChars: 128,
  pageSize: 200,
  eventsPerPage: 1_000,
  maxSteps: 10_000,
  maxDurationMs: 90 * 24 * 3_600_000,
  humanTaskTimeoutMs: 365 * 24 * 3_600_000,
  stepTimeoutMs: 3_600_000,
  /** A segment returns to the workflow after this long or this many steps. */
  segmentMs: 2_000,
  segmentSteps: 200,
  /** Deltas folded before a snapshot is kept. */
  snapshotEvery: 32,
  /** Ceilings of what an agent may ask for one sandbox. */
  sandboxMemoryMb: 8_192,
  sandboxCpus: 8,
  sandboxPids: 1_024,
  sandboxDiskMb: 4_096,
  networkRules: 50,
  networkBytes: 1_024 * MIB,
  networkRequests: 100_000,
  /** Programs that an agent's `bash` may be limited to. */
  sandboxPrograms: 100,
  /** Output of one stream of a command; more is dropped and counted. */
  commandOutputBytes: 16 * MIB,
  /** Refused system calls that one command brings into the audit. */
  deniedCallsPerCommand: 100,
  /** Output of one stream that a tool's result holds: its beginning and its end. */
  commandResultBytes: 32 * KIB,
  /** Output of one command that goes into the run's stream while it is written. */
  commandStreamBytes: 256 * KIB,
  sseBufferBytes: 64 * KIB,
  sseHeartbeatMs: 5_000,
  waitMs: 3_600_000,
  fileBytes: 32 * MIB,
  filePathChars: 512,
  /** What one reading of a file gives at most: of its text, or of its bytes. */
  fileReadBytes: 64 * KIB,
  /** Files written together, and files of one manifest. */
  filesPerRevision: 20_000,
  /** Versions of a file that are compared may each have this much. */
  diffBytes: 1 * MIB,
  diffMs: 1_000,
  /** Larger files are skipped by a search. */
  searchFileBytes: 1 * MIB,
  searchMatches: 500,
  searchMs: 5_000,
  fileLockMs: 3_600_000,
  /** Text of one memory. */
  memoryBytes: 16 * KIB,
  /** Active memories of a workspace that was given no other limit. */
  activeMemories: 100_000,
  /** Memories, vectors or changes that one call takes. */
  memoryBatch: 1_000,
  /** An archived memory is deleted after this long. */
  memoryRetentionMs: 30 * 24 * 3_600_000,
  /** Hits of one recall. */
  recallHits: 100,
  /** Tokens of recalled text in one prompt. */
  recallTokens: 20_000,
  /** Name of a knowledge base, where it is given and where it is named. */
  baseNameChars: 100,
  /** Knowledge bases that one agent knows. */
  basesPerAgent: 50,
  /** Memories that are learnt from one run. */
  learntPerRun: 20,
  /** Questions that memory asks a model for one workspace and process; beyond it does without. */
  memoryModelCallsPerHour: 1_000,
  /** Changes that projections have applied are forgotten after this long. */
  projectionKeepMs: 24 * 3_600_000,
  /** Text that is searched by; of more the rest is refused. */
  recallChars: 8_000,
  /** A value of a working memory is gone after this long without use. */
  workingMemoryMs: 3_600_000,
  /** All values of one run's or thread's working memory; about 16,000 tokens. */
  workingMemoryBytes: 64 * KIB,
  workingMemoryKeys: 200,
  documentBytes: 32 * MIB,
  /** Text that is read from one document. */
  documentTextChars: 8_000_000,
  documentPages: 5_000,
  /** What a packed document may unpack to. */
  documentUnpackedBytes: 256 * MIB,
  /** Reading a document takes this long and this much memory at most; then its process is ended. */
  documentParseMs: 60_000,
  documentParserMb: 512,
  /** Pages that one crawl asks for, and links between its first page and its last. */
  crawlPages: 1_000,
  crawlDepth: 10,
  /** Prefixes of paths that a crawl is told to include, and to exclude. */
  crawlPrefixes: 50,
  /** Different addresses that a crawl takes from the links of one page. */
  linksPerPage: 1_000,
  robotsBytes: 128 * KIB,
  robotsRules: 1_000,
  /** A site that asks a crawl to wait longer fails the page. */
  crawlWaitMs: 300_000,
  chunksPerDocument: 20_000,
  chunkBytes: 16 * KIB,
  /** Of a longer text only the beginning is embedded. */
  embeddedTextBytes: 16 * KIB,
  /** A kept vector is gone after this long without use. */
  embeddingCacheMs: 30 * 24 * 3_600_000,
  /** Vectors of texts that are kept for one workspace; those used longest ago go first. */
  embeddingCacheEntries: 50_000,
  /** Candidates of one reranking; the others keep their order behind them. */
  rerankCandidates: 100,
  /** Text of one candidate, and of the query, that a reranker reads. */
  rerankTextBytes: 4 * KIB,
  graphDepth: 6,
  /** Steps that one walk through the graph takes at most. */
  graphRows: 10_000,
} as const;

/** Budgets of a run that names none. */
export const DEFAULT_BUDGETS = {
  maxSteps: 1_000,
  maxModelCalls: 200,
  maxToolCalls: 500,
  maxTokens: 2_000_000,
  maxDurationMs: 30 * 24 * 3_600_000,
} as const;
