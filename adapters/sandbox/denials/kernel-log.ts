import { constants } from 'node:fs';
import { open, readFile, readdir, type FileHandle } from 'node:fs/promises';
import { parseAuditRecord } from './audit-record.ts';
import type { DeniedCall } from '../../../contracts/sandbox.ts';

/** What the kernel writes down of calls that it refused, by the session that they were made in. */
export interface KernelLog extends AsyncDisposable {
  /** Why nothing can be learned from it; null: it can be read. */
  readonly reason: string | null;
  /** Hears of a session's calls, also of those shortly before. */
  follow(session: string, listener: (call: DeniedCall) => void): Disposable;
}

/** Where the kernel shows what it does. */
export interface KernelPlaces {
  readonly log?: string;
  readonly logged?: string;
  readonly processes?: string;
}

const POLL_MS = 100;
const RECORD_BYTES = 8_192;
/** Records of sessions that nobody follows yet. */
const MAX_RECENT = 1_000;
const AUDITD = 'the audit daemon takes what the kernel says of refused calls: read it there';

/** Looks for what the host offers, by trying. */
export async function openKernelLog(places: KernelPlaces = {}): Promise<KernelLog> {
  const logged = places.logged ?? '/proc/sys/kernel/seccomp/actions_logged';
  const actions = (await readFile(logged, 'utf8').catch(() => '')).trim().split(' ');
  if (!actions.includes('errno'))
    return silent(`the kernel writes no refused calls down: ${logged}`);
  // Its records bypass the kernel's log, and a sandbox must not be able to fill its files.
  if (await runs('auditd', places.processes ?? '/proc')) return silent(AUDITD);
  const file = places.log ?? '/dev/kmsg';
  try {
    return new ReadableLog(await open(file, constants.O_RDONLY | constants.O_NONBLOCK));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return silent(`the kernel's log cannot be read: ${why}`);
  }
}

function silent(reason: string): KernelLog {
  return {
    reason,
    follow: () => ({ [Symbol.dispose]: () => undefined }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function runs(name: string, processes: string): Promise<boolean> {
  const pids = (await readdir(processes).catch(() => [])).filter((entry) => /^\d+$/.test(entry));
  const names = pids.map((pid) => readFile(`${processes}/${pid}/comm`, 'utf8').catch(() => ''));
  return (await Promise.all(names)).some((found) => found.trim() === name);
}

interface Follower {
  readonly session: string;
  readonly listener: (call: DeniedCall) => void;
}

class ReadableLog implements KernelLog {
  readonly reason = null;
  readonly #file: FileHandle;
  readonly #followers = new Set<Follower>();
  readonly #buffer = Buffer.alloc(RECORD_BYTES);
  #recent: { readonly session: string; readonly call: DeniedCall }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(file: FileHandle) {
    this.#file = file;
  }

  follow(session: string, listener: (call: DeniedCall) => void): Disposable {
    const follower = { session, listener };
    const earlier = this.#recent.filter((one) => one.session === session);
    this.#recent = this.#recent.filter((one) => one.session !== session);
    for (const { call } of earlier) listener(call);
    this.#followers.add(follower);
    this.#timer ??= setInterval(() => void this.#pump(), POLL_MS).unref();
    return {
      // What happened until now still counts.
      [Symbol.dispose]: () => void this.#pump().finally(() => this.#leave(follower)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#reading;
    await this.#file.close();
  }

  #leave(follower: Follower): void {
    this.#followers.delete(follower);
    if (this.#followers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #pump(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#read()).catch(() => undefined);
    return this.#reading;
  }

  /** Each read gives one record of the kernel's, or fails where there is none. */
  async #read(): Promise<void> {
    for (;;) {
      try {
        const { bytesRead } = await this.#file.read(this.#buffer, 0, RECORD_BYTES, null);
        if (bytesRead === 0) return;
        const text = this.#buffer.toString('utf8', 0, bytesRead);
        for (const line of text.split('\n')) this.#take(line);
      } catch (error) {
        // The kernel has written over records that nobody read in time; later ones follow.
        if ((error as NodeJS.ErrnoException).code !== 'EPIPE') return;
      }
    }
  }

  #take(line: string): void {
    const record = parseAuditRecord(line);
    if (record === null) return;
    const heard = [...this.#followers].filter(({ session }) => session === record.session);
    for (const { listener } of heard) listener(record.call);
    if (heard.length > 0) return;
    this.#recent.push(record);
    if (this.#recent.length > MAX_RECENT) this.#recent.shift();
  }
}
