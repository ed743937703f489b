import { createHash } from 'node:crypto';
import { AppError } from '../../contracts/app-error.ts';
import type {
  CommandResult,
  DeniedCall,
  ManifestEntry,
  SandboxLevel,
} from '../../contracts/sandbox.ts';
import type {
  Command,
  ExecRequest,
  OutputChunk,
  Sandbox,
  SandboxDeath,
  SandboxDriver,
  SandboxFiles,
  SandboxSpec,
} from '../../adapters/sandbox/port.ts';

/** What a fake command writes, and how it ends. */
export interface FakeEnd {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** What a fake command does with the sandbox's files; a text goes to standard output. */
export type FakeProgram = (
  files: Map<string, Buffer>,
  request: ExecRequest,
) => Promise<string | FakeEnd>;

const RESULT: CommandResult = {
  end: 'exit',
  exitCode: 0,
  signal: null,
  durationMs: 1,
  cpuMs: 1,
  maxMemoryBytes: 1,
  stdoutBytes: 0,
  stderrBytes: 0,
  truncated: false,
};

/** Sandboxes in this process's memory: they keep files and remember commands, they shut off nothing. */
export class FakeDriver implements SandboxDriver {
  readonly level: SandboxLevel;
  readonly #program: FakeProgram;
  readonly #living = new Map<string, FakeSandbox>();
  /** Ids in the order in which sandboxes were made. */
  readonly created: string[] = [];

  constructor(program: FakeProgram, level: SandboxLevel = 'docker') {
    this.#program = program;
    this.level = level;
  }

  get living(): readonly FakeSandbox[] {
    return [...this.#living.values()];
  }

  async probe() {
    return { ok: true, evidence: [] };
  }

  async create(spec: SandboxSpec): Promise<Sandbox> {
    const known = this.#living.get(spec.id);
    if (known !== undefined) return known;
    const sandbox = new FakeSandbox(spec, this.#program);
    this.created.push(spec.id);
    this.#living.set(spec.id, sandbox);
    void sandbox.died.then(() => this.#living.delete(spec.id));
    return sandbox;
  }

  async connect(id: string): Promise<Sandbox> {
    const known = this.#living.get(id);
    if (known === undefined) throw new AppError('sandbox.lost', `there is no sandbox ${id}`);
    return known;
  }

  async list() {
    return [];
  }

  async remove(id: string): Promise<void> {
    await this.#living.get(id)?.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const sandbox of this.living) await sandbox.kill();
  }
}

/** One of them. */
export class FakeSandbox implements Sandbox {
  readonly id: string;
  readonly image;
  readonly spec: SandboxSpec;
  readonly died: Promise<SandboxDeath>;
  readonly contents = new Map<string, Buffer>();
  /** Paths that were transferred into it and out of it. */
  readonly transfers = { written: [] as string[], read: [] as string[] };
  /** A path that the next listings fail at. */
  unreadable: string | null = null;
  readonly #program: FakeProgram;
  readonly #denialListeners = new Set<(call: DeniedCall) => void>();
  readonly #commands = new Map<string, Promise<FakeEnd>>();
  #die: (death: SandboxDeath) => void = () => undefined;

  constructor(spec: SandboxSpec, program: FakeProgram) {
    this.id = spec.id;
    this.image = spec.image;
    this.spec = spec;
    this.#program = program;
    this.died = new Promise((resolve) => {
      this.#die = resolve;
    });
  }

  get files(): SandboxFiles {
    const { contents, transfers } = this;
    return {
      read: async (path) => {
        transfers.read.push(path);
        return contents.get(path) ?? Buffer.alloc(0);
      },
      write: async (path, bytes) => {
        transfers.written.push(path);
        contents.set(path, Buffer.from(bytes));
      },
      make: async () => undefined,
      remove: async (path) => {
        contents.delete(path);
      },
      list: async () => {
        if (this.unreadable !== null) throw new AppError('sandbox.bad_path', this.unreadable);
        return [...contents].sort(([a], [b]) => (a < b ? -1 : 1)).map(toEntry);
      },
      watch: () => never(),
    };
  }

  /** It dies, as a container does. */
  die(reason: SandboxDeath['reason']): void {
    this.#die({ reason, detail: '' });
  }

  async exec(request: ExecRequest): Promise<Command> {
    const known = this.#commands.get(request.commandId);
    const output = known ?? this.#program(this.contents, request).then(toEnd);
    this.#commands.set(request.commandId, output);
    const lost = this.died.then(({ reason }) => {
      throw new AppError('sandbox.lost', `the sandbox died: ${reason}`);
    });
    lost.catch(() => undefined);
    const ended = Promise.race([output, lost]);
    return {
      id: request.commandId,
      output: chunksOf(ended),
      result: ended.then(({ exitCode }) => ({ ...RESULT, exitCode })),
      write: async () => undefined,
      closeStdin: async () => undefined,
      signal: async () => undefined,
      [Symbol.asyncDispose]: async () => undefined,
    };
  }

  async attach(commandId: string): Promise<Command> {
    throw new AppError('sandbox.command_not_found', commandId);
  }

  async dial(): Promise<never> {
    throw new AppError('sandbox.unavailable', 'nothing listens');
  }

  async pause(): Promise<void> {}
  async resume(): Promise<void> {}

  async extend(ttlMs: number): Promise<Date> {
    return new Date(Date.now() + ttlMs);
  }

  async updateNetwork(): Promise<void> {}

  async metrics() {
    const zero = { memoryBytes: 0, memoryLimitBytes: 0, cpuMs: 0, pids: 0 };
    return { ...zero, diskBytes: 0, diskLimitBytes: 0, networkBytes: 0 };
  }

  onDenied(listener: (call: DeniedCall) => void): Disposable {
    this.#denialListeners.add(listener);
    return { [Symbol.dispose]: () => void this.#denialListeners.delete(listener) };
  }

  /** Does as if the kernel had refused a call. */
  deny(call: DeniedCall): void {
    for (const listener of this.#denialListeners) listener(call);
  }

  async kill(): Promise<void> {
    this.die('killed');
    await this.died;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function toEntry([path, bytes]: readonly [string, Buffer]): ManifestEntry {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { kind: 'file', path, sha256, sizeBytes: bytes.length, mode: 0o644 };
}

async function* chunksOf(ended: Promise<FakeEnd>): AsyncGenerator<OutputChunk> {
  const { stdout, stderr } = await ended;
  yield { stream: 'stdout', offset: 0, bytes: Buffer.from(stdout) };
  yield { stream: 'stderr', offset: 0, bytes: Buffer.from(stderr) };
}

function toEnd(given: string | FakeEnd): FakeEnd {
  return typeof given === 'string' ? { stdout: given, stderr: '', exitCode: 0 } : given;
}

async function* never(): AsyncGenerator<string> {}
