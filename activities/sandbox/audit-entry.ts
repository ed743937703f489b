import type { CommandEntry, CommandRecord } from '../../contracts/sandbox-audit.ts';
import type { CommandResult, SandboxLevel } from '../../contracts/sandbox.ts';
import type { FollowedCommand } from './follow-command.ts';
import type { JsonObject } from '../../contracts/json.ts';

/** Who did it, where and since when. */
export interface AuditedUse {
  readonly stepId: string;
  readonly actor: string;
  readonly sandboxId: string;
  readonly level: SandboxLevel;
  /** ISO 8601. */
  readonly startedAt: string;
}

/** Of an action that is no command: nobody counts its resources. */
const UNCOUNTED: CommandResult = {
  end: 'exit',
  exitCode: 0,
  signal: null,
  durationMs: 0,
  cpuMs: 0,
  maxMemoryBytes: 0,
  stdoutBytes: 0,
  stderrBytes: 0,
  truncated: false,
};

/** The entry of a command that has ended now. */
export function commandRecord(
  by: AuditedUse,
  ran: {
    readonly commandId: string;
    readonly argv: readonly string[];
    readonly stdin?: Uint8Array;
    readonly result: CommandResult;
  },
): CommandRecord {
  const { commandId, argv, stdin, result } = ran;
  const given = stdin === undefined ? {} : { stdin: Buffer.from(stdin).toString('utf8') };
  return endedNow(by, { commandId, command: { argv: [...argv], ...given }, result });
}

/** The entry of what is no command and has ended now. */
export function actionRecord(
  by: AuditedUse,
  did: { readonly key: string; readonly command: JsonObject; readonly exitCode: number },
): CommandRecord {
  const { key, command, exitCode } = did;
  return endedNow(by, { commandId: key, command, result: { ...UNCOUNTED, exitCode } });
}

function endedNow(
  { stepId, actor, sandboxId, level, startedAt }: AuditedUse,
  did: {
    readonly commandId: string;
    readonly command: JsonObject;
    readonly result: CommandResult;
  },
): CommandRecord {
  const { durationMs: _durationMs, cpuMs, maxMemoryBytes, ...result } = did.result;
  return {
    ...{ commandId: did.commandId, sandboxId, level, stepId, actor },
    command: did.command,
    cwd: '/workspace',
    startedAt,
    endedAt: new Date().toISOString(),
    ...result,
    cpuMs: Math.round(cpuMs),
    maxMemoryBytes: Math.round(maxMemoryBytes),
  };
}

/** It ran to its end in a sandbox that is gone; it must not run twice. */
export function outputLost(entry: CommandEntry): FollowedCommand {
  const { end, exitCode, signal, cpuMs, maxMemoryBytes, stdoutBytes, stderrBytes } = entry;
  const durationMs = Date.parse(entry.endedAt) - Date.parse(entry.startedAt);
  return {
    result: {
      ...{ end, exitCode, signal, durationMs, cpuMs, maxMemoryBytes, stdoutBytes, stderrBytes },
      truncated: true,
    },
    stdout: '',
    stderr: 'The command has run once, in a sandbox that is gone; its output is lost with it.',
  };
}
