import type {
  CommandEntry,
  CommandRecord,
  DenialEntry,
  DenialRecord,
  RequestEntry,
  RequestRecord,
} from '../../contracts/sandbox-audit.ts';
import { jsonText } from '../json-text.ts';
import type { Insertable, Selectable } from 'kysely';
import type { RunRef } from '../../contracts/journal.ts';
import type { Tables } from '../tables.ts';

type CommandsTable = Tables['sandbox_commands'];
type DenialsTable = Tables['sandbox_denials'];
type RequestsTable = Tables['sandbox_requests'];

/** The record as it will be read again: hashes are made of what the database can hold. */
export function storableCommand(record: CommandRecord): CommandRecord {
  return cleaned({
    commandId: record.commandId,
    sandboxId: record.sandboxId,
    ...(record.level === undefined ? {} : { level: record.level }),
    stepId: record.stepId,
    actor: record.actor,
    command: record.command,
    cwd: record.cwd,
    startedAt: toTime(record.startedAt),
    endedAt: toTime(record.endedAt),
    end: record.end,
    exitCode: record.exitCode,
    signal: record.signal,
    cpuMs: Math.round(record.cpuMs),
    maxMemoryBytes: Math.round(record.maxMemoryBytes),
    stdoutBytes: record.stdoutBytes,
    stderrBytes: record.stderrBytes,
    truncated: record.truncated,
  });
}

/** The same for a request. */
export function storableRequest(record: RequestRecord): RequestRecord {
  return cleaned({
    sandboxId: record.sandboxId,
    stepId: record.stepId,
    at: toTime(record.at),
    host: record.host,
    port: record.port,
    allowed: record.allowed,
    reason: record.reason,
    bytesOut: record.bytesOut,
    bytesIn: record.bytesIn,
  });
}

/** The same for a refused call. */
export function storableDenial(record: DenialRecord): DenialRecord {
  const { sandboxId, stepId, id, at, call, program, pid } = record;
  return cleaned({ sandboxId, stepId, id, at: toTime(at), call, program, pid });
}

/** The entry as a row. */
export function commandToRow(ref: RunRef, entry: CommandEntry): Insertable<CommandsTable> {
  return {
    workspace_id: ref.workspaceId,
    run_id: ref.runId,
    seq: entry.seq,
    hash: entry.hash,
    command_id: entry.commandId,
    sandbox_id: entry.sandboxId,
    level: entry.level ?? null,
    step_id: entry.stepId,
    actor: entry.actor,
    command: jsonText(entry.command),
    cwd: entry.cwd,
    started_at: entry.startedAt,
    ended_at: entry.endedAt,
    end: entry.end,
    exit_code: entry.exitCode,
    signal: entry.signal,
    cpu_ms: entry.cpuMs,
    max_memory_bytes: entry.maxMemoryBytes,
    stdout_bytes: entry.stdoutBytes,
    stderr_bytes: entry.stderrBytes,
    truncated: entry.truncated,
  };
}

/** The row as an entry. */
export function commandFromRow(row: Selectable<CommandsTable>): CommandEntry {
  return {
    seq: row.seq,
    hash: row.hash,
    commandId: row.command_id,
    sandboxId: row.sandbox_id,
    ...(row.level === null ? {} : { level: row.level }),
    stepId: row.step_id,
    actor: row.actor,
    command: row.command,
    cwd: row.cwd,
    startedAt: row.started_at.toISOString(),
    endedAt: row.ended_at.toISOString(),
    end: row.end,
    exitCode: row.exit_code,
    signal: row.signal,
    cpuMs: row.cpu_ms,
    maxMemoryBytes: row.max_memory_bytes,
    stdoutBytes: row.stdout_bytes,
    stderrBytes: row.stderr_bytes,
    truncated: row.truncated,
  };
}

/** The entry as a row. */
export function requestToRow(ref: RunRef, entry: RequestEntry): Insertable<RequestsTable> {
  return {
    workspace_id: ref.workspaceId,
    run_id: ref.runId,
    seq: entry.seq,
    hash: entry.hash,
    sandbox_id: entry.sandboxId,
    step_id: entry.stepId,
    at: entry.at,
    host: entry.host,
    port: entry.port,
    allowed: entry.allowed,
    reason: entry.reason,
    bytes_out: entry.bytesOut,
    bytes_in: entry.bytesIn,
  };
}

/** The row as an entry. */
export function requestFromRow(row: Selectable<RequestsTable>): RequestEntry {
  return {
    seq: row.seq,
    hash: row.hash,
    sandboxId: row.sandbox_id,
    stepId: row.step_id,
    at: row.at.toISOString(),
    host: row.host,
    port: row.port,
    allowed: row.allowed,
    reason: row.reason,
    bytesOut: row.bytes_out,
    bytesIn: row.bytes_in,
  };
}

/** The entry as a row. */
export function denialToRow(ref: RunRef, entry: DenialEntry): Insertable<DenialsTable> {
  const { seq, hash, id, at, call, program, pid } = entry;
  return {
    ...{ workspace_id: ref.workspaceId, run_id: ref.runId, seq, hash },
    ...{ sandbox_id: entry.sandboxId, step_id: entry.stepId, id, at, call, program, pid },
  };
}

/** The row as an entry. */
export function denialFromRow(row: Selectable<DenialsTable>): DenialEntry {
  const { seq, hash, id, at, call, program, pid } = row;
  const where = { sandboxId: row.sandbox_id, stepId: row.step_id };
  return { seq, hash, ...where, id, at: at.toISOString(), call, program, pid };
}

function cleaned<T extends object>(record: T): T {
  return JSON.parse(jsonText(record)) as T;
}

/** To the millisecond, as times are read. */
function toTime(text: string): string {
  return new Date(text).toISOString();
}
