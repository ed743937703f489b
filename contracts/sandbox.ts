/** How strongly a sandbox is shut off, weakest first. A wanted level is a minimum. */
export const SANDBOX_LEVELS = ['process', 'docker', 'gvisor', 'microvm'] as const;
export type SandboxLevel = (typeof SANDBOX_LEVELS)[number];

/** Images that agents' code runs in; each holds the runner. */
export const SANDBOX_IMAGES = ['base', 'python', 'node', 'browser'] as const;
export type SandboxImage = (typeof SANDBOX_IMAGES)[number];

/** Hard limits of one sandbox. */
export interface SandboxLimits {
  /** Includes what is written to `/workspace` and `/tmp`, which live in memory; there is no swap. */
  readonly memoryMb: number;
  readonly cpus: number;
  readonly pids: number;
  /** Of `/workspace`. */
  readonly diskMb: number;
}

/** What a command writes to. */
export type OutputStream = 'stdout' | 'stderr';

/** A named set of hosts, or a host: `api.example.com`, `*.example.com:8443`; 443 and 80 by default. */
export type NetworkRule = string;

/** What a sandbox may reach; an empty list is no network at all. */
export interface NetworkPolicy {
  readonly allow: readonly NetworkRule[];
  /** All bytes in both directions until the proxy refuses more. */
  readonly maxBytes: number;
  readonly maxRequests: number;
}

/** Libraries that can drive a browser. `auto`: the first of them that is installed. */
export const BROWSER_ENGINES = ['playwright', 'puppeteer'] as const;
export type BrowserEngineName = (typeof BROWSER_ENGINES)[number];

/** How an agent's browser is driven. */
export interface BrowserPolicy {
  readonly engine: BrowserEngineName | 'auto';
}

/** What an agent's sandboxes are like; part of an agent version. */
export interface SandboxPolicy {
  readonly level: SandboxLevel;
  readonly image: SandboxImage;
  readonly limits: SandboxLimits;
  readonly network: NetworkPolicy;
  /** Programs that `bash` may start, one at a time and without a shell; null: anything. */
  readonly programs: readonly string[] | null;
  /** `auto` where there is none. */
  readonly browser?: BrowserPolicy;
}

/** What the sandbox of one tool is like. */
export interface ToolSandboxPolicy extends SandboxPolicy {
  /** Instead of `level`: this one, or the next stronger that can be had. Absent: the tool names none. */
  readonly toolLevel?: SandboxLevel;
}

/** What an author writes of it; the rest has defaults. */
export interface SandboxSpecInput {
  readonly level?: SandboxLevel;
  readonly image?: SandboxImage;
  readonly limits?: Partial<SandboxLimits>;
  readonly network?: Partial<NetworkPolicy>;
  readonly programs?: readonly string[];
  readonly browser?: BrowserPolicy;
}

/** Why a sandbox is gone. `unknown`: nobody saw it die. */
export const SANDBOX_DEATHS = ['oom', 'ttl', 'killed', 'evicted', 'daemon', 'unknown'] as const;
export type SandboxDeathReason = (typeof SANDBOX_DEATHS)[number];

/** How a command ended. */
export const COMMAND_ENDS = ['exit', 'signal', 'deadline', 'oom', 'killed', 'lost'] as const;
export type CommandEnd = (typeof COMMAND_ENDS)[number];

/** What a command did and used; bytes count all output, kept or not. */
export interface CommandResult {
  readonly end: CommandEnd;
  /** Null unless `end` is `exit`. */
  readonly exitCode: number | null;
  /** Name of the signal that ended it, as `SIGKILL`. */
  readonly signal: string | null;
  readonly durationMs: number;
  readonly cpuMs: number;
  readonly maxMemoryBytes: number;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  /** Output beyond the command's limit was dropped. */
  readonly truncated: boolean;
}

/** A file, folder or link of a workspace; paths are relative, with `/`, without `.` and `..`. */
export type ManifestEntry =
  | {
      readonly kind: 'file';
      readonly path: string;
      /** Lowercase hex. */
      readonly sha256: string;
      readonly sizeBytes: number;
      /** Permission bits. */
      readonly mode: number;
    }
  | { readonly kind: 'folder'; readonly path: string; readonly mode: number }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

/** All of a workspace at one moment, sorted by path. */
export interface Manifest {
  readonly entries: readonly ManifestEntry[];
}

/** An agent's request to the network, allowed or not. */
export interface NetworkRequest {
  /** ISO 8601. */
  readonly at: string;
  readonly host: string;
  readonly port: number;
  readonly allowed: boolean;
  /** Why it was refused or cut off; empty if it was not. */
  readonly reason: string;
  readonly bytesOut: number;
  readonly bytesIn: number;
}

/** A system call of a sandbox's program that the kernel refused. */
export interface DeniedCall {
  /** The kernel's own; no other call on that machine has it. */
  readonly id: string;
  /** ISO 8601. */
  readonly at: string;
  /** Its name, or its number where that has none here. */
  readonly call: string;
  /** What the program calls itself, which may be anything. */
  readonly program: string;
  /** Of the machine, not of the sandbox. */
  readonly pid: number;
}

/** Limits of a sandbox whose agent names none. */
export const DEFAULT_SANDBOX_LIMITS: SandboxLimits = {
  memoryMb: 512,
  cpus: 1,
  pids: 128,
  diskMb: 128,
};

/** No network: the default. */
export const NO_NETWORK: NetworkPolicy = {
  allow: [],
  maxBytes: 100 * 1_048_576,
  maxRequests: 1_000,
};

/** Of an agent whose spec says nothing about sandboxes. */
export const DEFAULT_SANDBOX_POLICY: SandboxPolicy = {
  level: 'process',
  image: 'python',
  limits: DEFAULT_SANDBOX_LIMITS,
  network: NO_NETWORK,
  programs: null,
};

/** The policy with defaults filled in. */
export function toSandboxPolicy(input: SandboxSpecInput = {}): SandboxPolicy {
  const base = DEFAULT_SANDBOX_POLICY;
  return {
    level: input.level ?? base.level,
    image: input.image ?? base.image,
    limits: { ...base.limits, ...input.limits },
    network: { ...base.network, ...input.network },
    programs: input.programs ?? base.programs,
    ...(input.browser === undefined ? {} : { browser: input.browser }),
  };
}
