import type { Env } from './env.ts';
import { integer, list, names, type Reader } from './config-reader.ts';
import {
  toSandboxConfig,
  toSandboxSecrets,
  type SandboxConfig,
  type SandboxSecret,
} from './sandbox-config.ts';
import {
  toMemoryConfig,
  toMemorySecrets,
  type MemoryConfig,
  type MemorySecrets,
} from './memory-config.ts';
import { WORKER_QUEUES, type WorkerQueue } from '../contracts/task-queues.ts';
import { VENDORS, type Vendor } from '../adapters/models/config.ts';

/** Settings of a process; nothing in here is secret. */
export interface Config {
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly corsOrigins: readonly string[];
  };
  /** Where Prometheus finds this process's metrics; port null: nowhere. */
  readonly metrics: { readonly host: string; readonly port: number | null };
  readonly database: { readonly maxConnections: number };
  readonly temporal: {
    readonly address: string | null;
    readonly namespace: string;
    readonly taskQueue: string;
    readonly tls: boolean;
  };
  readonly model: {
    /** What agents' `default` means; null lets the scripted model answer. */
    readonly default: { readonly provider: Vendor; readonly name: string } | null;
    readonly silenceMs: number;
    readonly urls: {
      readonly openai: string | null;
      readonly anthropic: string | null;
      readonly ollama: string | null;
    };
  };
  readonly tools: {
    readonly httpAllowHosts: readonly string[];
    readonly inputsRoot: string | null;
    /** Module of an operator's own tools, exporting `tools`. */
    readonly module: string | null;
  };
  /** Between two requests of one crawl. */
  readonly crawls: { readonly pauseMs: number };
  readonly sandboxes: SandboxConfig;
  /** Qdrant as the index of memories and documents; null for the one in this process. */
  readonly qdrant: { readonly url: string } | null;
  readonly memory: MemoryConfig;
  readonly worker: {
    /** Those that a worker of this process serves. */
    readonly queues: readonly WorkerQueue[];
    readonly concurrentSteps: number;
    readonly concurrentMemorySteps: number;
    readonly cachedRuns: number;
  };
  readonly logLevel: string;
  /** Named crash point; honoured only in test environments. */
  readonly failpoint: string | null;
}

/** Settings that must never be logged. */
export interface Secrets {
  readonly databaseUrl: string | null;
  readonly keyPepper: string | null;
  readonly temporalApiKey: string | null;
  readonly openaiApiKey: string | null;
  readonly anthropicApiKey: string | null;
  readonly googleApiKey: string | null;
  readonly qdrantApiKey: string | null;
  readonly memory: MemorySecrets;
  /** Headers that sandboxes' requests get outside. */
  readonly sandboxHeaders: readonly SandboxSecret[];
}

/** What is wrong with the environment, all of it. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the configuration has ${problems.length} problem(s):\n- ${problems.join('\n- ')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
const MIN_PEPPER_CHARS = 32;
const MAX_PORT = 65_535;

function defaultModel(reader: Reader): Config['model']['default'] {
  const text = reader.env.HOLDFAST_MODEL;
  if (text === undefined) {
    return reader.env.OPENAI_API_KEY === undefined
      ? null
      : { provider: 'openai', name: 'gpt-5-mini' };
  }
  if (text === 'scripted') return null;
  const [, provider = '', name = ''] = /^([a-z-]+):(.+)$/.exec(text) ?? [];
  const known = VENDORS.find((item) => item === provider);
  if (known !== undefined) return { provider: known, name };
  const names = VENDORS.join(', ');
  reader.problems.push(
    `HOLDFAST_MODEL is "${text}"; write scripted, or provider:name with one of ${names}`,
  );
  return null;
}

function logLevel(reader: Reader): string {
  const level = reader.env.HOLDFAST_LOG_LEVEL ?? 'info';
  if (LOG_LEVELS.includes(level)) return level;
  reader.problems.push(`HOLDFAST_LOG_LEVEL is "${level}"; use one of ${LOG_LEVELS.join(', ')}`);
  return 'info';
}

function qdrant(reader: Reader): Config['qdrant'] {
  const url = reader.env.QDRANT_URL;
  if (url === undefined) return null;
  if (/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return { url };
  reader.problems.push('QDRANT_URL must be an address that begins with http:// or https://');
  return null;
}

/** The settings in the environment, defaults filled in. Throws `ConfigError` naming every problem. */
export function toConfig(env: Env): Config {
  const reader: Reader = { env, problems: [] };
  const config: Config = {
    http: {
      host: env.HOLDFAST_HOST ?? '127.0.0.1',
      port: integer(reader, 'HOLDFAST_PORT', [7400, 0, MAX_PORT]),
      corsOrigins: list(reader, 'HOLDFAST_CORS_ORIGINS'),
    },
    metrics: {
      host: env.HOLDFAST_METRICS_HOST ?? '127.0.0.1',
      port:
        env.HOLDFAST_METRICS_PORT === undefined
          ? null
          : integer(reader, 'HOLDFAST_METRICS_PORT', [0, 0, MAX_PORT]),
    },
    database: { maxConnections: integer(reader, 'HOLDFAST_DATABASE_CONNECTIONS', [10, 4, 500]) },
    temporal: {
      address: env.TEMPORAL_ADDRESS ?? null,
      namespace: env.TEMPORAL_NAMESPACE ?? 'holdfast',
      taskQueue: env.HOLDFAST_TASK_QUEUE ?? 'agents',
      tls: env.TEMPORAL_TLS === 'true',
    },
    model: {
      default: defaultModel(reader),
      silenceMs: integer(reader, 'HOLDFAST_MODEL_SILENCE_MS', [60_000, 100, 3_600_000]),
      urls: {
        openai: env.OPENAI_BASE_URL ?? null,
        anthropic: env.ANTHROPIC_BASE_URL ?? null,
        ollama: env.OLLAMA_BASE_URL ?? null,
      },
    },
    tools: {
      httpAllowHosts: list(reader, 'HOLDFAST_HTTP_ALLOW'),
      inputsRoot: env.HOLDFAST_INPUTS ?? null,
      module: env.HOLDFAST_TOOLS ?? null,
    },
    crawls: { pauseMs: integer(reader, 'HOLDFAST_CRAWL_PAUSE_MS', [1_000, 0, 60_000]) },
    sandboxes: toSandboxConfig(reader),
    qdrant: qdrant(reader),
    memory: toMemoryConfig(reader),
    worker: {
      queues: workerQueues(reader),
      concurrentSteps: integer(reader, 'HOLDFAST_CONCURRENT_STEPS', [100, 1, 10_000]),
      concurrentMemorySteps: integer(reader, 'HOLDFAST_CONCURRENT_MEMORY_STEPS', [50, 1, 10_000]),
      cachedRuns: integer(reader, 'HOLDFAST_CACHED_RUNS', [500, 2, 20_000]),
    },
    logLevel: logLevel(reader),
    failpoint: env.NODE_ENV === 'test' ? (env.FAILPOINT ?? null) : null,
  };
  if (config.memory.reranker.kind === 'model' && config.model.default === null) {
    reader.problems.push('RERANKER=model needs a model; set HOLDFAST_MODEL');
  }
  if (reader.problems.length > 0) throw new ConfigError(reader.problems);
  return config;
}

function workerQueues(reader: Reader): readonly WorkerQueue[] {
  const given = names(reader, 'HOLDFAST_WORKER_QUEUES', WORKER_QUEUES);
  return given.length > 0 ? given : WORKER_QUEUES;
}

/** The secrets in the environment. Throws `ConfigError` naming every problem, never a value. */
export function toSecrets(env: Env): Secrets {
  const pepper = env.HOLDFAST_KEY_PEPPER ?? null;
  if (pepper !== null && pepper.length < MIN_PEPPER_CHARS) {
    throw new ConfigError([
      `HOLDFAST_KEY_PEPPER must have at least ${MIN_PEPPER_CHARS} characters`,
    ]);
  }
  const sandboxHeaders = toSandboxSecrets(env);
  if (sandboxHeaders === null) {
    throw new ConfigError([
      'HOLDFAST_SANDBOX_SECRETS must be a JSON list of {"host", "header", "value"}, each with an ' +
        'optional "workspace" and "upstream"',
    ]);
  }
  return {
    sandboxHeaders,
    databaseUrl: env.DATABASE_URL ?? null,
    keyPepper: pepper,
    temporalApiKey: env.TEMPORAL_API_KEY ?? null,
    openaiApiKey: env.OPENAI_API_KEY ?? null,
    anthropicApiKey: env.ANTHROPIC_API_KEY ?? null,
    googleApiKey: env.GOOGLE_API_KEY ?? null,
    qdrantApiKey: env.QDRANT_API_KEY ?? null,
    memory: toMemorySecrets(env),
  };
}
