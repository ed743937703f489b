import type { OutputStream } from '../contracts/sandbox.ts';
import type { AgentSpec, ExecutableGraph } from '../contracts/agent-spec.ts';
import type {
  AgentStatus,
  HumanTaskStatus,
  Role,
  RunStatus,
  StepStatus,
} from '../contracts/status.ts';
import type {
  JsonColumn,
  Nullable,
  NullableJsonColumn,
  NullableTimeColumn,
  TimeColumn,
} from './columns.ts';
import type { CrawlTables } from './crawl-tables.ts';
import type { Decision, DecisionKind, HumanTaskKind } from '../contracts/human-task.ts';
import type { Delta, StepOutcome, Usage } from '../contracts/step.ts';
import type { JsonObject, JsonSchema } from '../contracts/json.ts';
import type { EventType } from '../contracts/event.ts';
import type { Failure } from '../contracts/app-error.ts';
import type { Generated } from 'kysely';
import type { KnowledgeTables } from './knowledge-tables.ts';
import type { MemoryTables } from './memory-tables.ts';
import type { Message } from '../contracts/message.ts';
import type { SandboxLevel } from '../contracts/sandbox.ts';
import type { SandboxTables } from './sandbox-tables.ts';
import type { Plan } from '../contracts/plan.ts';
import type { Value } from '../contracts/blob.ts';

interface WorkspacesTable {
  readonly id: string;
  readonly name: string;
  readonly sandbox_min_level: Generated<SandboxLevel>;
  readonly created_at: TimeColumn;
}

interface ApiKeysTable {
  readonly workspace_id: string;
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly secret_hash: Buffer;
  readonly prefix: string;
  readonly created_at: TimeColumn;
  readonly revoked_at: NullableTimeColumn;
}

interface AgentsTable {
  readonly workspace_id: string;
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly status: AgentStatus;
  readonly created_at: TimeColumn;
  readonly updated_at: TimeColumn;
}

interface AgentVersionsTable {
  readonly workspace_id: string;
  readonly id: string;
  readonly agent_id: string;
  readonly number: number;
  readonly version: string;
  readonly changelog: string;
  readonly spec: JsonColumn<AgentSpec>;
  readonly plan: JsonColumn<Plan>;
  readonly graph: JsonColumn<ExecutableGraph>;
  readonly created_at: TimeColumn;
}

interface AgentLabelsTable {
  readonly workspace_id: string;
  readonly agent_id: string;
  readonly label: string;
  readonly version_id: string;
}

interface AgentLabelChangesTable {
  readonly workspace_id: string;
  readonly agent_id: string;
  readonly id: Generated<number>;
  readonly label: string;
  readonly from_version_id: string | null;
  readonly to_version_id: string | null;
  readonly changed_by: string | null;
  readonly changed_at: TimeColumn;
}

interface ThreadsTable {
  readonly workspace_id: string;
  readonly id: string;
  readonly agent_id: string;
  readonly version_id: string;
  readonly user_id: string | null;
  readonly title: string;
  readonly last_position: Generated<number>;
  readonly created_at: TimeColumn;
}

interface MessagesTable {
  readonly workspace_id: string;
  readonly thread_id: string;
  readonly position: number;
  readonly id: string;
  readonly run_id: string | null;
  readonly message: JsonColumn<Message>;
  readonly created_at: TimeColumn;
}

interface RunsTable {
  readonly workspace_id: string;
  readonly id: string;
  readonly agent_id: string;
  readonly version_id: string;
  readonly thread_id: string | null;
  readonly user_id: string | null;
  readonly thread_position: Generated<number>;
  readonly status: Generated<RunStatus>;
  readonly epoch: Generated<number>;
  readonly last_event_seq: Generated<number>;
  /** Counts the pieces of text behind the last event. */
  readonly last_token_sub: Generated<number>;
  readonly open_human_tasks: Generated<number>;
  readonly model_calls: Generated<number>;
  readonly tool_calls: Generated<number>;
  readonly input_tokens: Generated<number>;
  readonly output_tokens: Generated<number>;
  readonly cancel_requested: Generated<boolean>;
  readonly start_attempts: Generated<number>;
  readonly start_tried_at: NullableTimeColumn;
  /** When it is looked at next, in case that its workflow is closed. */
  readonly look_at: TimeColumn;
  /** API key that asked for the run. */
  readonly created_by: string;
  readonly created_at: TimeColumn;
  readonly started_at: NullableTimeColumn;
  readonly ended_at: NullableTimeColumn;
  readonly input: JsonColumn<Value>;
  readonly output: NullableJsonColumn<Value>;
  readonly error: NullableJsonColumn<Failure>;
}

interface StepsTable {
  readonly workspace_id: string;
  readonly run_id: string;
  readonly epoch: number;
  readonly step_id: string;
  readonly key: string;
  readonly node_id: string;
  readonly op: 'node' | 'call';
  readonly visit: number;
  readonly parent_step_id: Nullable<string>;
  readonly call_index: Nullable<number>;
  readonly status: StepStatus;
  readonly attempt: number;
  /** Number of the event that came with the step's end; makes the step a checkpoint. */
  readonly seq: Nullable<number>;
  readonly started_at: TimeColumn;
  readonly ended_at: NullableTimeColumn;
  readonly outcome: NullableJsonColumn<StepOutcome>;
  readonly deltas: NullableJsonColumn<readonly Delta[]>;
  readonly result: NullableJsonColumn<Value>;
  readonly error: NullableJsonColumn<Failure>;
  readonly usage: NullableJsonColumn<Usage>;
  readonly memo: NullableJsonColumn<JsonObject>;
}

interface SnapshotsTable {
  readonly workspace_id: string;
  readonly run_id: string;
  readonly epoch: number;
  readonly key: string;
  readonly state: JsonColumn<JsonObject>;
}

interface EventsTable {
  readonly workspace_id: string;
  readonly run_id: string;
  readonly seq: number;
  readonly type: EventType;
  readonly step_id: string | null;
  readonly at: TimeColumn;
  readonly data: JsonColumn<JsonObject>;
}

interface EventTokensTable {
  readonly workspace_id: string;
  readonly run_id: string;
  readonly seq: number;
  readonly sub: number;
  readonly step_id: string;
  readonly attempt: number;
  readonly text: string;
  readonly stream: OutputStream | null;
}

interface HumanTasksTable {
  readonly workspace_id: string;
  readonly id: string;
  readonly run_id: string;
  readonly epoch: number;
  readonly step_id: string;
  readonly kind: HumanTaskKind;
  readonly status: HumanTaskStatus;
  readonly title: string;
  readonly description: string;
  readonly subject: JsonColumn<Value>;
  readonly form: JsonColumn<JsonSchema>;
  readonly allowed: JsonColumn<readonly DecisionKind[]>;
  readonly assignees: JsonColumn<readonly string[]>;
  readonly deadline_at: NullableTimeColumn;
  readonly decision: NullableJsonColumn<Decision>;
  readonly created_at: TimeColumn;
  readonly settled_at: NullableTimeColumn;
}

interface BlobsTable {
  readonly workspace_id: string;
  readonly sha256: string;
  readonly size_bytes: number;
  /** Canonical JSON of a value, or the bytes of a file; deflated. */
  readonly content: Buffer;
  readonly created_at: TimeColumn;
}

interface IdempotencyKeysTable {
  readonly workspace_id: string;
  readonly key: string;
  readonly request_hash: string;
  readonly run_id: string;
  readonly created_at: TimeColumn;
}

/** Every table by its name. */
export interface Tables extends SandboxTables, MemoryTables, KnowledgeTables, CrawlTables {
  readonly workspaces: WorkspacesTable;
  readonly api_keys: ApiKeysTable;
  readonly agents: AgentsTable;
  readonly agent_versions: AgentVersionsTable;
  readonly agent_labels: AgentLabelsTable;
  readonly agent_label_changes: AgentLabelChangesTable;
  readonly threads: ThreadsTable;
  readonly messages: MessagesTable;
  readonly runs: RunsTable;
  readonly steps: StepsTable;
  readonly snapshots: SnapshotsTable;
  readonly events: EventsTable;
  readonly event_tokens: EventTokensTable;
  readonly human_tasks: HumanTasksTable;
  readonly blobs: BlobsTable;
  readonly idempotency_keys: IdempotencyKeysTable;
}
