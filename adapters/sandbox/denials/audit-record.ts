import { nameOfCall } from './calls.ts';
import type { DeniedCall } from '../../../contracts/sandbox.ts';

/** A refused call, and the session of the kernel's audit that the caller was in. */
export interface AuditRecord {
  readonly session: string;
  readonly call: DeniedCall;
}

/** Written for a call that a filter of system calls decided on. */
const SECCOMP = /audit: type=1326 audit\((\d+\.\d+):(\d+)\): (.*)/;
const REFUSED = 0x5_0000;
const ACTION = 0xffff_0000;
const MAX_PROGRAM_CHARS = 16;

/** Reads a line of the kernel's log; null if it tells of no refused call. */
export function parseAuditRecord(line: string): AuditRecord | null {
  const [, time, serial, rest = ''] = SECCOMP.exec(line) ?? [];
  if (time === undefined || serial === undefined) return null;
  const field = (name: string) => new RegExp(`(?:^| )${name}=(\\S+)`).exec(rest)?.[1];
  const [session, pid, number] = [field('ses'), Number(field('pid')), Number(field('syscall'))];
  const action = (Number(field('code')) & ACTION) >>> 0;
  if (session === undefined || action !== REFUSED) return null;
  if (!Number.isInteger(pid) || !Number.isInteger(number)) return null;
  return {
    session,
    call: {
      id: `${time}:${serial}`,
      at: new Date(Math.round(Number(time) * 1_000)).toISOString(),
      call: nameOfCall(Number.parseInt(field('arch') ?? '', 16), number),
      program: toProgram(/ comm=("[^"]*"|[0-9A-F]+)/.exec(rest)?.[1] ?? ''),
      pid,
    },
  };
}

/** The kernel writes names with unusual characters in hex, so that they cannot end the field. */
function toProgram(text: string): string {
  const name = text.startsWith('"') ? text.slice(1, -1) : Buffer.from(text, 'hex').toString('utf8');
  return name.slice(0, MAX_PROGRAM_CHARS);
}
