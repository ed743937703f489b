import type {
  CommandEnd,
  SandboxDeathReason,
  SandboxImage,
  SandboxLevel,
} from '../contracts/sandbox.ts';
import type { JsonColumn, Nullable, NullableTimeColumn, TimeColumn } from './columns.ts';
import type { FileKind } from '../contracts/file.ts';
import type { Generated } from 'kysely';
import type { SandboxState } from '../contracts/sandbox-record.ts';
import type { Value } from '../contracts/blob.ts';

interface FileSpacesTable {
  readonly workspace_id: string;
  readonly id: string;
  /** The run that it belongs to. */
  readonly run_id: string;
  readonly last_revision: Generated<number>;
  readonly copied_from: Nullable<string>;
  readonly copied_revision: Nullable<number>;
  readonly created_at: TimeColumn;
}

interface FileRevisionsTable {
  readonly workspace_id: string;
  readonly space_id: string;
  readonly revision: number;
  /** Makes writing it repeatable. */
  readonly key: string | null;
  readonly step_id: string | null;
  readonly actor: string;
  readonly note: string;
  readonly at: TimeColumn;
}

interface FileVersionsTable {
  readonly workspace_id: string;
  readonly space_id: string;
  readonly path: string;
  readonly version: number;
  readonly revision: number;
  readonly kind: FileKind;
  readonly deleted: boolean;
  readonly sha256: string | null;
  readonly size_bytes: number;
  readonly mode: number;
  readonly target: string | null;
}

interface FileLocksTable {
  readonly workspace_id: string;
  readonly space_id: string;
  readonly path: string;
  readonly token: number;
  readonly holder: string | null;
  readonly expires_at: TimeColumn;
}

interface SandboxesTable {
  readonly workspace_id: string;
  readonly id: string;
  readonly run_id: string;
  readonly image: SandboxImage;
  readonly level: SandboxLevel;
  readonly host: string;
  readonly state: SandboxState;
  readonly revision: number;
  readonly created_at: TimeColumn;
  readonly last_used_at: TimeColumn;
  readonly expires_at: TimeColumn;
  readonly died: Nullable<SandboxDeathReason>;
  readonly died_at: NullableTimeColumn;
}

interface SandboxAuditsTable {
  readonly workspace_id: string;
  readonly run_id: string;
  readonly chain: 'commands' | 'requests' | 'denials';
  readonly length: number;
  readonly hash: string;
}

interface SandboxCommandsTable {
  readonly workspace_id: string;
  readonly run_id: string;
  readonly seq: number;
  readonly hash: string;
  readonly command_id: string;
  readonly sandbox_id: string;
  readonly step_id: string | null;
  readonly actor: string;
  readonly command: JsonColumn<Value>;
  readonly cwd: string;
  readonly started_at: TimeColumn;
  readonly ended_at: TimeColumn;
  readonly end: CommandEnd;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly cpu_ms: number;
  readonly max_memory_bytes: number;
  readonly stdout_bytes: number;
  readonly stderr_bytes: number;
  readonly truncated: boolean;
  readonly level: Nullable<SandboxLevel>;
}

interface SandboxRequestsTable {
  readonly workspace_id: string;
  readonly run_id: string;
  readonly seq: number;
  readonly hash: string;
  readonly sandbox_id: string;
  readonly step_id: string | null;
  readonly at: TimeColumn;
  readonly host: string;
  readonly port: number;
  readonly allowed: boolean;
  readonly reason: string;
  readonly bytes_out: number;
  readonly bytes_in: number;
}

interface SandboxDenialsTable {
  readonly workspace_id: string;
  readonly run_id: string;
  readonly seq: number;
  readonly hash: string;
  readonly sandbox_id: string;
  readonly step_id: string | null;
  readonly id: string;
  readonly at: TimeColumn;
  readonly call: string;
  readonly program: string;
  readonly pid: number;
}

interface ArtifactsTable {
  readonly workspace_id: string;
  readonly id: string;
  readonly run_id: string;
  readonly step_id: string | null;
  readonly name: string;
  readonly path: string;
  readonly version: number;
  readonly media_type: string;
  readonly size_bytes: number;
  readonly sha256: string;
  readonly created_at: TimeColumn;
}

/** Tables of files and sandboxes by their names. */
export interface SandboxTables {
  readonly file_spaces: FileSpacesTable;
  readonly file_revisions: FileRevisionsTable;
  readonly file_versions: FileVersionsTable;
  readonly file_locks: FileLocksTable;
  readonly sandboxes: SandboxesTable;
  readonly sandbox_audits: SandboxAuditsTable;
  readonly sandbox_commands: SandboxCommandsTable;
  readonly sandbox_requests: SandboxRequestsTable;
  readonly sandbox_denials: SandboxDenialsTable;
  readonly artifacts: ArtifactsTable;
}
