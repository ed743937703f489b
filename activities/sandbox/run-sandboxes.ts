import { AppError } from '../../contracts/app-error.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { actionRecord, commandRecord, outputLost } from './audit-entry.ts';
import { createAuditRecorder, type AuditRecorder } from './audit-recorder.ts';
import { followCommand, type FollowedCommand } from './follow-command.ts';
import { SandboxSession, why, type SessionDeps } from './sandbox-session.ts';
import { driversFor } from './sandbox-level.ts';
import { openSandbox, type OpenSandboxDeps, type SandboxRequest } from './open-sandbox.ts';
import type { DenialRecord, RequestRecord } from '../../contracts/sandbox-audit.ts';
import type { ErrorCode } from '../../contracts/errors.ts';
import type { OutputStream, SandboxImage, SandboxLevel } from '../../contracts/sandbox.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { Sandbox, SandboxDriver } from '../../adapters/sandbox/port.ts';
import type { SandboxService, SandboxUse, UseReport } from './sandbox-use.ts';

/** A command that a run wants executed in its sandbox. */
export interface SandboxWork extends Omit<SandboxUse, 'key'> {
  /** Equal for every attempt: a retry attaches to the command, it never runs twice. */
  readonly commandId: string;
  readonly argv: readonly string[];
  /** Must run beside it, for as long as the sandbox lives. */
  readonly service?: SandboxService;
  readonly stdin?: Uint8Array;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  readonly onOutput: (stream: OutputStream, text: string) => void;
}

/** What came of it. */
export type SandboxReport = FollowedCommand & Omit<UseReport<unknown>, 'value'>;

/** The sandboxes of all runs, as one process uses them. */
export interface RunSandboxes extends AsyncDisposable {
  /**
   * Executes the command in the run's sandbox of that image, made where there is none, and keeps the
   * files that it changed. Throws `sandbox.lost` when the sandbox dies meanwhile, and what opening
   * one throws: `sandbox.level_unavailable`, `sandbox.unavailable`, `sandbox.ceiling_reached`.
   */
  execute(work: SandboxWork): Promise<SandboxReport>;
  /** Gives the run's sandbox, with the run's files in it, to `work`; throws what `execute` throws. */
  use<T>(request: SandboxUse, work: (sandbox: Sandbox) => Promise<T>): Promise<UseReport<T>>;
  /** Frees those sandboxes of the run that this process uses, once nothing runs in them; keeps files. */
  release(run: RunRef): Promise<void>;
}

/** What they are made from. */
export interface RunSandboxesDeps extends Omit<OpenSandboxDeps, 'onRequest'>, SessionDeps {
  readonly drivers: readonly SandboxDriver[];
  /** The weakest level that a workspace allows. */
  readonly minLevel: (workspaceId: string) => Promise<SandboxLevel>;
}

/** Sandboxes that may be found dead before one is given up. */
const ATTEMPTS = 3;

/** Another driver may do. */
const CANNOT: ReadonlySet<ErrorCode> = new Set([
  'sandbox.unavailable',
  'sandbox.level_unavailable',
]);

/** A session and where it is kept. */
interface Kept {
  readonly key: string;
  readonly opened: Promise<SandboxSession>;
}

/** Sandboxes of runs on these drivers. */
export function createRunSandboxes(deps: RunSandboxesDeps): RunSandboxes {
  return new Sessions(deps);
}

class Sessions implements RunSandboxes {
  readonly #deps: RunSandboxesDeps;
  readonly #sessions = new Map<string, Promise<SandboxSession>>();
  /** Keys of sessions that serve requests whose preferred level cannot be had, by run and image. */
  readonly #standIns = new Map<string, string>();
  /** Who wants a sandbox of the same key waits for these, and gets a new one. */
  readonly #freeing = new Map<string, Promise<void>>();
  readonly #requests: AuditRecorder<RequestRecord>;
  readonly #denials: AuditRecorder<DenialRecord>;

  constructor(deps: RunSandboxesDeps) {
    this.#deps = deps;
    const { sandboxes, warn } = deps;
    this.#requests = createAuditRecorder((run, records) => sandboxes.recordRequests(run, records), {
      what: 'requests to the network',
      warn,
    });
    this.#denials = createAuditRecorder((run, records) => sandboxes.recordDenials(run, records), {
      what: 'refused system calls',
      warn,
    });
  }

  async execute(work: SandboxWork): Promise<SandboxReport> {
    const startedAt = new Date().toISOString();
    const use: SandboxUse = { ...work, key: work.commandId };
    const { value, ...report } = await this.#useSession(use, async (sandbox, session) => {
      // An earlier attempt may have had another sandbox, of this level or of another one.
      const known = await this.#deps.sandboxes.findCommand(work, work.commandId);
      if (known !== null && known.sandboxId !== sandbox.id) return outputLost(known);
      if (work.service !== undefined) await session.ensure(work.service);
      const followed = await follow(sandbox, work);
      // Before the files: what ran is on record, whatever becomes of them.
      const by = { ...work, ...session.place, startedAt };
      const record = commandRecord(by, { ...work, result: followed.result });
      await this.#deps.sandboxes.recordCommands(work, [record]);
      return followed;
    });
    return { ...value, ...report };
  }

  use<T>(request: SandboxUse, work: (sandbox: Sandbox) => Promise<T>): Promise<UseReport<T>> {
    const { audited } = request;
    if (audited === undefined) return this.#useSession(request, work);
    return this.#useSession(request, async (sandbox, session) => {
      const by = { ...request, ...session.place, startedAt: new Date().toISOString() };
      const record = (exitCode: number): Promise<void> => {
        const entry = actionRecord(by, { key: request.key, command: audited, exitCode });
        return this.#deps.sandboxes.recordCommands(request, [entry]);
      };
      try {
        const value = await work(sandbox);
        await record(0);
        return value;
      } catch (error) {
        await record(1);
        throw error;
      }
    });
  }

  async #useSession<T>(
    request: SandboxUse,
    work: (sandbox: Sandbox, session: SandboxSession) => Promise<T>,
  ): Promise<UseReport<T>> {
    for (let attempt = 1; ; attempt += 1) {
      const { key, opened } = await this.#find(request);
      const session = await opened;
      using _visit = session.enter(request.stepId);
      let isReady = false;
      try {
        await session.prepare(request);
        isReady = true;
        return await session.use(request, (sandbox) => work(sandbox, session));
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'sandbox.lost') throw error;
        this.#forget(key, opened);
        await session.noteDeath();
        // Nothing has begun in it: another one does as well.
        if (isReady || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async release(run: RunRef): Promise<void> {
    const mine = placeOf(run, '');
    const keys = [...this.#sessions.keys()].filter((key) => key.startsWith(mine));
    await Promise.all(
      keys.map(async (key) => {
        const opened = this.#sessions.get(key);
        const session = await opened?.catch(() => undefined);
        if (opened === undefined || session === undefined) return;
        if (session.isBusy) {
          // A cancelled command takes a moment to end.
          session.whenIdle(() => {
            this.release(run).catch((error: unknown) => {
              this.#deps.warn(`a sandbox could not be freed after its last use: ${why(error)}`);
            });
          });
          return;
        }
        this.#forget(key, opened);
        const freed = session.free();
        this.#freeing.set(key, freed);
        await freed.finally(() => this.#freeing.delete(key));
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.allSettled(sessions.map(async (session) => (await session).close()));
    await this.#requests[Symbol.asyncDispose]();
    await this.#denials[Symbol.asyncDispose]();
  }

  /** That of the preferred level; where it cannot be had, that of the next one. */
  async #find(request: SandboxRequest): Promise<Kept> {
    const { drivers, minLevel } = this.#deps;
    const able = driversFor(drivers, request.policy, await minLevel(request.workspaceId));
    const place = placeOf(request, request.image);
    const standIn = able.find(({ level }) => this.#standIns.get(place) === place + level);
    const failures: AppError[] = [];
    for (const driver of standIn === undefined ? able : new Set([standIn, ...able])) {
      const key = place + driver.level;
      const opened = this.#session(key, request, driver);
      try {
        await opened;
        if (failures.length > 0) this.#standIns.set(place, key);
        return { key, opened };
      } catch (error) {
        if (!(error instanceof AppError) || !CANNOT.has(error.code)) throw error;
        // What lives there may be at work for the same call.
        if (
          (await this.#deps.sandboxes.find(request, { ...request, level: driver.level })) !== null
        )
          throw error;
        failures.push(error);
      }
    }
    // The preferred one's says what to mend.
    throw failures[0] ?? new AppError('sandbox.level_unavailable', 'there is no sandbox');
  }

  #session(key: string, request: SandboxRequest, driver: SandboxDriver): Promise<SandboxSession> {
    const known = this.#sessions.get(key);
    if (known !== undefined) return known;
    const opened = this.#open(key, request, driver);
    this.#sessions.set(key, opened);
    const forget = (): void => this.#forget(key, opened);
    opened.then(({ died }) => died.then(forget), forget);
    return opened;
  }

  /** A newer session of the key stays. */
  #forget(key: string, opened: Promise<SandboxSession>): void {
    if (this.#sessions.get(key) !== opened) return;
    this.#sessions.delete(key);
    const place = key.slice(0, key.lastIndexOf('/') + 1);
    if (this.#standIns.get(place) === key) this.#standIns.delete(place);
  }

  async #open(
    key: string,
    request: SandboxRequest,
    driver: SandboxDriver,
  ): Promise<SandboxSession> {
    await this.#freeing.get(key)?.catch(() => undefined);
    const uses: { session?: SandboxSession } = {};
    const onRequest: OpenSandboxDeps['onRequest'] = (run, record) => {
      this.#requests.add(run, { ...record, stepId: uses.session?.stepId ?? null });
    };
    const opened = await openSandbox({ ...this.#deps, onRequest }, request, driver);
    const session = new SandboxSession(this.#deps, request, opened);
    uses.session = session;
    const { sandbox } = opened;
    const listening = sandbox.onDenied((call) => {
      this.#denials.add(request, { ...call, sandboxId: sandbox.id, stepId: session.stepId });
    });
    void session.died.then(() => {
      listening[Symbol.dispose]();
      return session.noteDeath();
    });
    return session;
  }
}

async function follow(sandbox: Sandbox, work: SandboxWork): Promise<FollowedCommand> {
  const { commandId, argv, stdin, deadlineMs, signal, onOutput } = work;
  await using command = await sandbox.exec({
    commandId,
    argv,
    ...(stdin === undefined ? {} : { stdin }),
    deadlineMs,
    maxOutputBytes: LIMITS.commandOutputBytes,
  });
  return await followCommand(command, { signal, onOutput });
}

/** What keys of its sessions begin with; the level follows. */
function placeOf({ workspaceId, runId }: RunRef, image: SandboxImage | ''): string {
  return `${workspaceId}/${runId}/${image === '' ? '' : `${image}/`}`;
}
