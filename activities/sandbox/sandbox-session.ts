import { setTimeout as sleep } from 'node:timers/promises';
import { SANDBOX_TTL_MS, type OpenedSandbox } from './open-sandbox.ts';
import { NOTHING_SYNCED, syncFiles } from './workspace-sync.ts';
import type { AuditedUse } from './audit-entry.ts';
import type { FileStore } from '../../db/stores/file-store.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { Command, Sandbox } from '../../adapters/sandbox/port.ts';
import type { SandboxStore } from '../../db/stores/sandbox-store.ts';
import type { SandboxService, SandboxUse, UseReport } from './sandbox-use.ts';
import type { Synced, SyncedWorkspace, SyncPoint } from './workspace-sync.ts';

/** What sessions need. */
export interface SessionDeps {
  readonly files: FileStore;
  readonly sandboxes: SandboxStore;
  readonly warn: (sentence: string) => void;
}

const PROLONG_MS = SANDBOX_TTL_MS / 5;
/** Commits on nobody's behalf, after the last command. */
const FAREWELL = { actor: 'holdfast', stepId: '' };

interface Service {
  readonly number: number;
  readonly command: Command;
  hasEnded: boolean;
}

const SERVICE_MS = 24 * 3_600_000;
const SERVICE_OUTPUT_BYTES = 65_536;
const SERVICE_LOOK_MS = 30;
const SERVICE_LOOKS = 20;

/** One process's use of a run's sandbox. */
export class SandboxSession {
  readonly #deps: SessionDeps;
  readonly #opened: OpenedSandbox;
  readonly #workspace: SyncedWorkspace;
  #point: Promise<SyncPoint>;
  #users = 0;
  #whenIdle: (() => void) | null = null;
  #tellsReplacement: boolean;
  #isNoted = false;
  #freed: Promise<void> | undefined;
  /** Of the use that began last. */
  stepId: string | null = null;
  readonly #services = new Map<string, Service>();

  constructor(deps: SessionDeps, { workspaceId, runId }: RunRef, opened: OpenedSandbox) {
    this.#deps = deps;
    this.#opened = opened;
    const space = { workspaceId, spaceId: runId };
    this.#workspace = { inside: opened.sandbox.files, store: deps.files, space };
    this.#tellsReplacement = opened.isReplacement;
    const { revision } = opened.record;
    this.#point = opened.isNew
      ? Promise.resolve(NOTHING_SYNCED)
      : deps.files.manifest(space, revision).then((manifest) => ({ revision, manifest }));
    this.#point.catch(() => undefined);
  }

  /** Which sandbox it is, as the audit tells. */
  get place(): Pick<AuditedUse, 'sandboxId' | 'level'> {
    const { id, level } = this.#opened.record;
    return { sandboxId: id, level };
  }

  /** Resolves when its sandbox is gone. */
  get died(): Promise<unknown> {
    return this.#opened.sandbox.died;
  }

  /** Calls it once, when the last use is over. */
  whenIdle(call: () => void): void {
    this.#whenIdle = call;
  }

  /** True while something uses it. */
  get isBusy(): boolean {
    return this.#users > 0;
  }

  /** Notes a use from now until it is disposed of. */
  enter(stepId: string): Disposable {
    this.#users += 1;
    this.stepId = stepId;
    return {
      [Symbol.dispose]: () => {
        this.#users -= 1;
        if (this.#users > 0) return;
        const whenIdle = this.#whenIdle;
        this.#whenIdle = null;
        whenIdle?.();
      },
    };
  }

  /** Makes sure that it lives, and that it has the run's files as they are now. */
  async prepare(request: SandboxUse): Promise<void> {
    await this.#opened.sandbox.extend(SANDBOX_TTL_MS);
    const { store, space } = this.#workspace;
    const { revision } = await this.#point;
    if ((await store.lastRevision(space)) === revision) return;
    await this.#sync({ ...request, key: `${request.key}:before` });
  }

  /** See `RunSandboxes.use`. */
  async use<T>(request: SandboxUse, work: (sandbox: Sandbox) => Promise<T>): Promise<UseReport<T>> {
    const value = await this.#keptAlive(() => work(this.#opened.sandbox));
    const { changed, unstored } = await this.#sync(request, 'running');
    const restored = this.#tellsReplacement;
    this.#tellsReplacement = false;
    return { value, changed, unstored, restored };
  }

  /** Starts the service, or the next one of it if it has ended. */
  async ensure({ name, argv }: SandboxService): Promise<void> {
    const known = this.#services.get(name);
    if (known?.hasEnded === false) return;
    const first = known === undefined ? 0 : known.number + 1;
    // One that cannot start ends at once, again and again: what needs it says so.
    for (let number = first; number < first + SERVICE_LOOKS; number += 1) {
      const command = await this.#opened.sandbox.exec({
        commandId: `${name}.${number}`,
        argv,
        deadlineMs: SERVICE_MS,
        maxOutputBytes: SERVICE_OUTPUT_BYTES,
      });
      const service = { number, command, hasEnded: false };
      const ended = command.result
        .catch(() => undefined)
        .then(() => {
          service.hasEnded = true;
        });
      // One that this process did not start may have ended long ago.
      await Promise.race([ended, sleep(SERVICE_LOOK_MS)]);
      this.#services.set(name, service);
      if (!service.hasEnded) return;
    }
  }

  /** Keeps the files as they are now, and removes the sandbox; once. */
  free(): Promise<void> {
    this.#freed ??= this.#free();
    return this.#freed;
  }

  async #free(): Promise<void> {
    const { record, driver, sandbox } = this.#opened;
    try {
      await this.#sync({ ...FAREWELL, key: `free:${record.id}` });
    } catch (error) {
      this.#deps.warn(
        `files of a sandbox that was freed are as of its last command: ${why(error)}`,
      );
    }
    this.#isNoted = true;
    await this.#deps.sandboxes.markDead(record.workspaceId, { id: record.id, reason: 'evicted' });
    await sandbox[Symbol.asyncDispose]();
    await driver.remove(record.id);
  }

  /** Writes down why it died, once. */
  async noteDeath(): Promise<void> {
    if (this.#isNoted) return;
    this.#isNoted = true;
    const { record, sandbox } = this.#opened;
    const died = await Promise.race([sandbox.died, Promise.resolve(null)]);
    const reason = died?.reason ?? 'unknown';
    try {
      await this.#deps.sandboxes.markDead(record.workspaceId, { id: record.id, reason });
    } catch (error) {
      this.#deps.warn(`the death of a sandbox is not on record: ${why(error)}`);
    }
  }

  /** Disconnects; the sandbox lives on. */
  async close(): Promise<void> {
    await this.#opened.sandbox[Symbol.asyncDispose]();
  }

  /** A long command must not outlive its sandbox's time. */
  async #keptAlive<T>(work: () => Promise<T>): Promise<T> {
    const { sandbox, record } = this.#opened;
    const timer = setInterval(() => {
      const prolong = async (): Promise<void> => {
        const expiresAt = (await sandbox.extend(SANDBOX_TTL_MS)).toISOString();
        await this.#deps.sandboxes.use(record.workspaceId, { id: record.id, expiresAt });
      };
      // A sandbox that is gone ends the work itself.
      prolong().catch(() => undefined);
    }, PROLONG_MS);
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  }

  /** One at a time. A failure leaves the point where it was: the next one makes up for it. */
  async #sync(
    author: Pick<SandboxUse, 'key' | 'actor' | 'stepId'>,
    state?: 'running',
  ): Promise<Synced> {
    const before = this.#point;
    const done = before.then((point) => syncFiles(this.#workspace, point, author));
    this.#point = done.then(({ point }) => point).catch(() => before);
    const synced = await done;
    const { id, workspaceId } = this.#opened.record;
    const expiresAt = new Date(Date.now() + SANDBOX_TTL_MS).toISOString();
    const { revision } = synced.point;
    await this.#deps.sandboxes.use(workspaceId, {
      ...{ id, revision, expiresAt },
      ...(state === undefined ? {} : { state }),
    });
    return synced;
  }
}

/** What an error says. */
export function why(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
