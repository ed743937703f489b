import { z } from 'zod';
import { COMMAND_ENDS, SANDBOX_LEVELS } from './sandbox.ts';
import { timeSchema, valueSchema } from './json.schema.ts';
import type { AuditCheck, CommandEntry, DenialEntry, RequestEntry } from './sandbox-audit.ts';

const link = {
  seq: z.number().int(),
  hash: z.string().meta({ description: 'SHA-256 of the entry and of the hash before it' }),
};

/** A command of the audit in an answer. */
export const commandEntrySchema = z
  .object({
    ...link,
    commandId: z.string(),
    sandboxId: z.string(),
    level: z.enum(SANDBOX_LEVELS).exactOptional(),
    stepId: z.string().nullable(),
    actor: z.string(),
    command: valueSchema,
    cwd: z.string(),
    startedAt: timeSchema,
    endedAt: timeSchema,
    end: z.enum(COMMAND_ENDS),
    exitCode: z.number().int().nullable(),
    signal: z.string().nullable(),
    cpuMs: z.number().int(),
    maxMemoryBytes: z.number().int(),
    stdoutBytes: z.number().int(),
    stderrBytes: z.number().int(),
    truncated: z.boolean(),
  })
  .meta({ id: 'AuditedCommand' }) satisfies z.ZodType<CommandEntry>;

/** A request to the network of the audit in an answer. */
export const requestEntrySchema = z
  .object({
    ...link,
    sandboxId: z.string(),
    stepId: z.string().nullable(),
    at: timeSchema,
    host: z.string(),
    port: z.number().int(),
    allowed: z.boolean(),
    reason: z.string(),
    bytesOut: z.number().int(),
    bytesIn: z.number().int(),
  })
  .meta({ id: 'AuditedRequest' }) satisfies z.ZodType<RequestEntry>;

/** A refused system call of the audit in an answer. */
export const denialEntrySchema = z
  .object({
    ...link,
    sandboxId: z.string(),
    stepId: z.string().nullable(),
    id: z.string(),
    at: timeSchema,
    call: z.string().meta({ description: 'its name, or its number' }),
    program: z.string().meta({ description: 'what the program calls itself' }),
    pid: z.number().int(),
  })
  .meta({ id: 'AuditedDenial' }) satisfies z.ZodType<DenialEntry>;

const chainCheck = z.object({
  length: z.number().int(),
  brokenAt: z
    .number()
    .int()
    .nullable()
    .meta({ description: 'first entry that was changed or is missing' }),
});

/** Answer of `GET /v1/runs/{run}/audit:verify`. */
export const auditCheckSchema = z
  .object({ valid: z.boolean(), commands: chainCheck, requests: chainCheck, denials: chainCheck })
  .meta({ id: 'AuditCheck' }) satisfies z.ZodType<AuditCheck>;
