import { availableParallelism, totalmem } from 'node:os';
import {
  SANDBOX_IMAGES,
  SANDBOX_LEVELS,
  type SandboxImage,
  type SandboxLevel,
} from '../contracts/sandbox.ts';
import { z } from 'zod';
import type { Env } from './env.ts';
import type { Reader } from './config-reader.ts';
import { integer, list, names } from './config-reader.ts';

/** How this process gives sandboxes to runs. */
export interface SandboxConfig {
  /** Levels that it offers, if the machine can give them. */
  readonly levels: readonly SandboxLevel[];
  /** For sandboxes and their sockets; null: a place of the system's. */
  readonly folder: string | null;
  /** How sandboxes of Docker are reached; `auto` tries out sockets once. */
  readonly transport: (typeof TRANSPORTS)[number];
  /** The daemon's, as in `unix:///var/run/docker.sock`; null: Docker's default. */
  readonly dockerHost: string | null;
  /** Sandboxes of all kinds that wait for a run. */
  readonly warm: number;
  /** Images of which a worker starts one sandbox at its start, so that the first run's is fast. */
  readonly prewarm: readonly SandboxImage[];
  /** Of all our images together; more are removed, those used longest ago first. */
  readonly imagesMb: number;
  /** For each workspace on this machine. */
  readonly ceilings: {
    readonly sandboxes: number;
    readonly memoryMb: number;
    readonly cpus: number;
    readonly pids: number;
  };
  /** Names and addresses that may be private, if a policy allows them too; with a port: there only. */
  readonly privateHosts: readonly string[];
}

/** A header that the proxy adds to requests of a workspace's sandboxes; the value is secret. */
export interface SandboxSecret {
  /** Null: of every workspace. */
  readonly workspaceId: string | null;
  readonly rule: string;
  readonly header: string;
  readonly value: string;
  readonly upstream: 'https' | 'http';
}

const TRANSPORTS = ['auto', 'socket', 'attach'] as const;
const MIB = 1024 * 1024;
/** Of the machine's memory, for one workspace, if nothing else is said. */
const MEMORY_SHARE = 0.5;
const MAX_MB = 16 * 1024 * 1024;

function levels(reader: Reader): readonly SandboxLevel[] {
  const { HOLDFAST_SANDBOXES: given } = reader.env;
  if (given === undefined) return SANDBOX_LEVELS;
  return given === 'none' ? [] : names(reader, 'HOLDFAST_SANDBOXES', SANDBOX_LEVELS);
}

/** The settings of sandboxes in the environment; problems go to the reader. */
export function toSandboxConfig(reader: Reader): SandboxConfig {
  const { env } = reader;
  const memoryMb = Math.max(1_024, Math.floor((totalmem() / MIB) * MEMORY_SHARE));
  return {
    levels: levels(reader),
    folder: env.HOLDFAST_SANDBOX_FOLDER ?? null,
    transport: names(reader, 'HOLDFAST_SANDBOX_TRANSPORT', TRANSPORTS)[0] ?? 'auto',
    dockerHost: env.DOCKER_HOST ?? null,
    warm: integer(reader, 'HOLDFAST_SANDBOX_WARM', [4, 0, 200]),
    prewarm: names(reader, 'HOLDFAST_SANDBOX_PREWARM', SANDBOX_IMAGES),
    imagesMb: integer(reader, 'HOLDFAST_SANDBOX_IMAGES_MB', [20_000, 0, MAX_MB]),
    ceilings: {
      sandboxes: integer(reader, 'HOLDFAST_SANDBOX_MAX', [50, 1, 10_000]),
      memoryMb: integer(reader, 'HOLDFAST_SANDBOX_MAX_MEMORY_MB', [memoryMb, 64, MAX_MB]),
      cpus: integer(reader, 'HOLDFAST_SANDBOX_MAX_CPUS', [availableParallelism(), 1, 1_024]),
      pids: integer(reader, 'HOLDFAST_SANDBOX_MAX_PIDS', [4_096, 16, 1_000_000]),
    },
    privateHosts: list(reader, 'HOLDFAST_SANDBOX_PRIVATE_HOSTS'),
  };
}

const secretsSchema = z.array(
  z.strictObject({
    workspace: z.string().min(1).optional(),
    host: z.string().min(1),
    header: z.string().regex(/^[A-Za-z0-9-]{1,100}$/),
    value: z.string().min(1).max(8_192),
    upstream: z.enum(['https', 'http']).default('https'),
  }),
);

/** The secrets that sandboxes use without seeing them; null: the text is not as it must be. */
export function toSandboxSecrets(env: Env): readonly SandboxSecret[] | null {
  const text = env.HOLDFAST_SANDBOX_SECRETS;
  if (text === undefined) return [];
  try {
    return secretsSchema
      .parse(JSON.parse(text))
      .map(({ workspace, host, header, value, upstream }) => ({
        ...{ workspaceId: workspace ?? null, rule: host },
        ...{ header, value, upstream },
      }));
  } catch {
    return null;
  }
}
