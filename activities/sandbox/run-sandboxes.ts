import { createHash } from 'node:crypto';
import { AppError } from '../../contracts/app-error.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { SANDBOX_LEVELS, type Manifest, type SandboxPolicy } from '../../contracts/sandbox.ts';
import { followCommand, type FollowedCommand } from './follow-command.ts';
import { pullFiles, pushFiles, type SyncedWorkspace } from './workspace-sync.ts';
import type { FileStore } from '../../db/stores/file-store.ts';
import type { OutputStream, SandboxImage } from '../../contracts/sandbox.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { Sandbox, SandboxDriver } from '../../adapters/sandbox/port.ts';

/** A command that a run wants executed in its sandbox. */
export interface SandboxWork extends RunRef {
  readonly stepId: string;
  readonly actor: string;
  readonly policy: SandboxPolicy;
  readonly image: SandboxImage;
  /** Equal for every attempt: a retry attaches to the command, it never runs twice. */
  readonly commandId: string;
  readonly argv: readonly string[];
  readonly stdin?: Uint8Array;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  readonly onOutput: (stream: OutputStream, text: string) => void;
}

/** What came of it. */
export interface SandboxReport extends FollowedCommand {
  /** Paths that it changed. */
  readonly changed: readonly string[];
  /** True: the sandbox is a new one, its files are those of the run, its processes are gone. */
  readonly restored: boolean;
}

/** The sandboxes of all runs of this process. */
export interface RunSandboxes extends AsyncDisposable {
  /**
   * Executes the command in the run's sandbox of that image, made where there is none, and keeps the
   * files that it changed. Throws `sandbox.lost` when the sandbox dies meanwhile,
   * `sandbox.level_unavailable` when no driver is strong enough.
   */
  execute(work: SandboxWork): Promise<SandboxReport>;
  /** Frees the run's sandboxes; its files are kept. */
  release(run: RunRef): Promise<void>;
}

/** What they are made from. */
export interface RunSandboxesDeps {
  /** Weakest first does not matter; the weakest that is strong enough is taken. */
  readonly drivers: readonly SandboxDriver[];
  readonly files: FileStore;
}

const TTL_MS = 15 * 60_000;
const MAX_TTL_MS = 24 * 3_600_000;

interface Session {
  readonly sandbox: Sandbox;
  readonly workspace: SyncedWorkspace;
  readonly isNew: boolean;
  /** How the files stood when they were last the same in the sandbox and in the store. */
  synced: Manifest;
  /** Transfers of files take turns. */
  turn: Promise<unknown>;
}

/** Sandboxes of runs on these drivers. */
export function createRunSandboxes(deps: RunSandboxesDeps): RunSandboxes {
  return new Sessions(deps);
}

class Sessions implements RunSandboxes {
  readonly #deps: RunSandboxesDeps;
  readonly #sessions = new Map<string, Promise<Session>>();

  constructor(deps: RunSandboxesDeps) {
    this.#deps = deps;
  }

  async execute(work: SandboxWork): Promise<SandboxReport> {
    const id = sandboxIdOf(work, work.image);
    const isFirst = !this.#sessions.has(id);
    const session = await this.#session(id, work);
    try {
      await session.sandbox.extend(TTL_MS);
      const followed = await this.#follow(session, work);
      const { key, actor, stepId } = { key: work.commandId, ...work };
      const pulled = await inTurn(session, async () => {
        const result = await pullFiles(session.workspace, session.synced, { key, actor, stepId });
        session.synced = result.manifest;
        return result;
      });
      return { ...followed, changed: pulled.changed, restored: isFirst && session.isNew };
    } catch (error) {
      if (error instanceof AppError && error.code === 'sandbox.lost') this.#sessions.delete(id);
      throw error;
    }
  }

  async release(run: RunRef): Promise<void> {
    const ids = (['base', 'python', 'node', 'browser'] as const).map((image) =>
      sandboxIdOf(run, image),
    );
    await Promise.all(
      ids.map(async (id) => {
        const session = this.#sessions.get(id);
        this.#sessions.delete(id);
        await session?.then(({ sandbox }) => sandbox.kill()).catch(() => undefined);
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.allSettled(
      sessions.map(async (session) => (await session).sandbox[Symbol.asyncDispose]()),
    );
  }

  async #follow(session: Session, work: SandboxWork): Promise<FollowedCommand> {
    const { commandId, argv, stdin, deadlineMs, signal, onOutput } = work;
    await using command = await session.sandbox.exec({
      commandId,
      argv,
      ...(stdin === undefined ? {} : { stdin }),
      deadlineMs,
      maxOutputBytes: LIMITS.commandOutputBytes,
    });
    return await followCommand(command, { signal, onOutput });
  }

  #session(id: string, work: SandboxWork): Promise<Session> {
    const known = this.#sessions.get(id);
    if (known !== undefined) return known;
    const opened = this.#open(id, work);
    this.#sessions.set(id, opened);
    opened.catch(() => this.#sessions.delete(id));
    return opened;
  }

  async #open(id: string, work: SandboxWork): Promise<Session> {
    const { files } = this.#deps;
    const driver = this.#driverFor(work.policy);
    const space = { workspaceId: work.workspaceId, spaceId: work.runId };
    const synced = await files.manifest(space);
    const living = await driver.connect(id).catch(() => null);
    const sandbox = living ?? (await driver.create(specOf(id, work)));
    const workspace: SyncedWorkspace = { inside: sandbox.files, store: files, space };
    const isNew = living === null;
    // In a living one, what differs was changed by a command whose worker died.
    if (isNew) await pushFiles(workspace, synced);
    const session = { sandbox, workspace, isNew, synced, turn: Promise.resolve() };
    void sandbox.died.then(() => this.#sessions.delete(id));
    return session;
  }

  #driverFor({ level }: SandboxPolicy): SandboxDriver {
    const strength = (of: SandboxDriver): number => SANDBOX_LEVELS.indexOf(of.level);
    const wanted = SANDBOX_LEVELS.indexOf(level);
    const [weakest] = this.#deps.drivers
      .filter((driver) => strength(driver) >= wanted)
      .sort((a, b) => strength(a) - strength(b));
    if (weakest !== undefined) return weakest;
    throw new AppError('sandbox.level_unavailable', `no sandbox of level ${level} can be had here`);
  }
}

function inTurn<T>(session: Session, work: () => Promise<T>): Promise<T> {
  const done = session.turn.then(work);
  session.turn = done.catch(() => undefined);
  return done;
}

function sandboxIdOf({ workspaceId, runId }: RunRef, image: SandboxImage): string {
  const hash = createHash('sha256').update(JSON.stringify([workspaceId, runId, image]));
  return `r_${hash.digest('hex').slice(0, 24)}`;
}

function specOf(id: string, { workspaceId, runId, image, policy }: SandboxWork) {
  const { limits, network } = policy;
  return { id, workspaceId, runId, image, limits, network, ttlMs: TTL_MS, maxTtlMs: MAX_TTL_MS };
}
