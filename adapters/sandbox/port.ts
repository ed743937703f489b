import type {
  CommandResult,
  DeniedCall,
  ManifestEntry,
  NetworkPolicy,
  NetworkRequest,
  SandboxDeathReason,
  SandboxImage,
  SandboxLevel,
  SandboxLimits,
} from '../../contracts/sandbox.ts';
import type { Duplex } from 'node:stream';

/** Starts and finds sandboxes of one level on this machine. */
export interface SandboxDriver extends AsyncDisposable {
  readonly level: SandboxLevel;
  /** Really starts a sandbox, runs a command and removes it; never throws. */
  probe(): Promise<DriverProbe>;
  /** Idempotent by `spec.id`: a living sandbox of that id is connected to. */
  create(spec: SandboxSpec): Promise<Sandbox>;
  /**
   * Throws `sandbox.lost` for one that is gone, with the reason in the message if it is known.
   * `onRequest` is told of its requests to the network if nobody else is.
   */
  connect(id: string, onRequest?: (request: NetworkRequest) => void): Promise<Sandbox>;
  /** Every sandbox of ours on this machine, whoever made it. */
  list(): Promise<readonly SandboxInfo[]>;
  /** Removes it with all that belongs to it; nothing to do is success. */
  remove(id: string): Promise<void>;
}

/** What a probe found. */
export interface DriverProbe {
  readonly ok: boolean;
  /** What was seen, for `npm run doctor`: versions, limits that hold, what is missing and how to get it. */
  readonly evidence: readonly string[];
}

/** A sandbox to make. */
export interface SandboxSpec {
  /** `[a-z0-9_]{1,40}`; chosen by the caller. */
  readonly id: string;
  readonly workspaceId: string;
  /** Null in a pool, until it is claimed. */
  readonly runId: string | null;
  readonly image: SandboxImage;
  readonly limits: SandboxLimits;
  readonly network: NetworkPolicy;
  /** It dies by itself after this long without being extended, also when nobody is left. */
  readonly ttlMs: number;
  /** Extensions never reach beyond this long after its creation. */
  readonly maxTtlMs: number;
  /** Told of every request to the network. */
  readonly onRequest?: (request: NetworkRequest) => void;
}

/** A sandbox as its driver lists it. */
export interface SandboxInfo {
  readonly id: string;
  readonly workspaceId: string;
  readonly runId: string | null;
  readonly image: string;
  readonly state: 'running' | 'paused' | 'dead';
  /** ISO 8601. */
  readonly createdAt: string;
  readonly expiresAt: string;
}

/** How a sandbox died. */
export interface SandboxDeath {
  readonly reason: SandboxDeathReason;
  readonly detail: string;
}

/** A living sandbox, as one process is connected to it; disposing of it disconnects, no more. */
export interface Sandbox extends AsyncDisposable {
  readonly id: string;
  readonly image: SandboxImage;
  /** Resolves when it has died, with the reason; a lost connection is not a death. */
  readonly died: Promise<SandboxDeath>;
  /**
   * Starts a command, or attaches to the one of that id, running or finished: it never runs twice.
   * Throws `sandbox.command_conflict` if the id belongs to another command.
   */
  exec(request: ExecRequest): Promise<Command>;
  /** Throws `sandbox.command_not_found`. Output comes from the offsets on. */
  attach(commandId: string, from?: OutputOffsets): Promise<Command>;
  readonly files: SandboxFiles;
  /**
   * Tells of system calls that the kernel refused inside, some time after the call, those before this
   * too; nothing where the host does not offer it. Who is connected hears of all.
   */
  onDenied(listener: (call: DeniedCall) => void): Disposable;
  /** A connection to a port that something inside listens on at 127.0.0.1. */
  dial(port: number): Promise<Duplex>;
  /** Freezes all processes; commands' deadlines go on. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Lives at least that long from now, at most until its maximum; answers with when it will die. */
  extend(ttlMs: number): Promise<Date>;
  updateNetwork(policy: NetworkPolicy): Promise<void>;
  metrics(): Promise<SandboxMetrics>;
  /** Kills and removes it; everything in it is lost. */
  kill(): Promise<void>;
}

/** Where to read on, in bytes from the beginning. */
export interface OutputOffsets {
  readonly stdout: number;
  readonly stderr: number;
}

/** A command to run. */
export interface ExecRequest {
  /** `[A-Za-z0-9_.:-]{1,128}`. */
  readonly commandId: string;
  readonly argv: readonly string[];
  /** Relative to `/workspace`, or absolute; `/workspace` by default. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Written at once, then closed. Without it, and without `openStdin`, standard input is empty. */
  readonly stdin?: Uint8Array;
  /** Standard input stays open for `write`. */
  readonly openStdin?: boolean;
  /** Counted from its start, inside and outside: TERM, then KILL of all its descendants. */
  readonly deadlineMs: number;
  /** Of each stream; more is dropped and counted. */
  readonly maxOutputBytes: number;
  readonly from?: OutputOffsets;
}

/** A piece of a command's output. */
export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  /** Of its first byte in its stream. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** A command, as one process follows it; disposing of it stops following, the command runs on. */
export interface Command extends AsyncDisposable {
  readonly id: string;
  /** Ends with the command. Read once. A reader that stops reading slows the sender down. */
  readonly output: AsyncIterable<OutputChunk>;
  /** Rejects with `sandbox.lost` if the sandbox dies first. */
  readonly result: Promise<CommandResult>;
  write(bytes: Uint8Array): Promise<void>;
  closeStdin(): Promise<void>;
  /** Sends the signal to the command and all its descendants; `SIGKILL` waits until they are gone. */
  signal(name: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** Files of `/workspace`; paths as in a manifest. Links are never followed out of it. */
export interface SandboxFiles {
  /** Throws `sandbox.file_not_found`. */
  read(path: string, range?: { readonly offset: number; readonly length: number }): Promise<Buffer>;
  /** Makes folders on the way; replaces atomically. Throws `sandbox.disk_full`. */
  write(path: string, bytes: Uint8Array, mode?: number): Promise<void>;
  /** Makes a folder or a link that is not there. */
  make(entry: Exclude<ManifestEntry, { readonly kind: 'file' }>): Promise<void>;
  /** With all that is below it; nothing to do is success. */
  remove(path: string): Promise<void>;
  /**
   * Everything below the path, sorted, with hashes; also what its owner has closed to itself. More
   * than 20,000 entries throw `sandbox.too_many_files`, what cannot be read `sandbox.bad_path`:
   * nothing is left out. Files that have not changed since the last call are not read again.
   */
  list(path?: string): Promise<readonly ManifestEntry[]>;
  /** Paths that changed, until the iteration is left. */
  watch(path?: string): AsyncIterable<string>;
}

/** What a sandbox uses at this moment. */
export interface SandboxMetrics {
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  readonly cpuMs: number;
  readonly pids: number;
  readonly diskBytes: number;
  readonly diskLimitBytes: number;
  readonly networkBytes: number;
}
