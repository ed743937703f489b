import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../../contracts/app-error.ts';
import type { CommandResult } from '../../../contracts/sandbox.ts';
import type { Command, OutputOffsets } from '../port.ts';
import type { Connector } from './connector.ts';
import { ask } from './exchange.ts';
import { FRAME, type Frame } from './frame.ts';
import { OUTPUT_HEAD_BYTES, WINDOW_BYTES, type Channel, type Link } from './link.ts';
import { OutputQueue } from './output-queue.ts';
import { broken, countOf, parseObject, toFailure, toResult } from './parse.ts';
import { StdinFeed } from './stdin-feed.ts';

/** The runner's own grace after TERM, and time to report, before the host stops waiting. */
const HOST_GRACE_MS = 7_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const MAX_TRIES = 20;

/** A command to start or to find. */
export interface CommandStart {
  readonly id: string;
  /** Asks for it the first time; later it is attached to. */
  readonly request: object;
  readonly from: OutputOffsets;
  /** Null for one that is only attached to: the runner tells what is left. */
  readonly deadlineMs: number | null;
  readonly maxOutputBytes: number;
  readonly stdin: Uint8Array | null;
  readonly openStdin: boolean;
}

/** Starts or finds a command; answers as soon as the runner has it. */
export async function followCommand(connector: Connector, start: CommandStart): Promise<Command> {
  const command = new RunnerCommand(connector, start);
  await command.begun;
  return command;
}

class RunnerCommand implements Command {
  readonly id: string;
  readonly output: OutputQueue;
  readonly #connector: Connector;
  readonly #start: CommandStart;
  readonly #begun = Promise.withResolvers<null>();
  readonly #result = Promise.withResolvers<CommandResult>();
  readonly #stdin: StdinFeed;
  readonly #offsets: { stdout: number; stderr: number };
  #channel: Channel | null = null;
  #isBegun = false;
  #isOver = false;
  #tries = 0;
  #timer: NodeJS.Timeout | null = null;
  readonly #startedAt = Date.now();

  constructor(connector: Connector, start: CommandStart) {
    this.id = start.id;
    this.#connector = connector;
    this.#start = start;
    this.#offsets = { ...start.from };
    this.output = new OutputQueue((bytes) => this.#channel?.grant(bytes));
    this.#stdin = new StdinFeed({ whole: start.stdin !== null });
    if (start.stdin !== null) void this.#stdin.write(start.stdin);
    if (!start.openStdin) this.#stdin.close();
    // Whoever only reads the output need not look at the result.
    this.#result.promise.catch(() => undefined);
    this.#result.promise.then(() => this.#stopTimer()).catch(() => this.#stopTimer());
    if (start.deadlineMs !== null) this.#armDeadline(start.deadlineMs);
    this.#follow().catch((error: unknown) => this.#fail(error));
  }

  get begun(): Promise<null> {
    return this.#begun.promise;
  }

  get result(): Promise<CommandResult> {
    return this.#result.promise;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#stdin.write(bytes);
  }

  closeStdin(): Promise<void> {
    this.#stdin.close();
    return Promise.resolve();
  }

  async signal(name: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#connector.run((link) => ask(link, { op: 'signal', id: this.id, name }, () => null));
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    this.#stopTimer();
    this.#channel?.close();
    this.#stdin.over();
    this.output.end();
    return Promise.resolve();
  }

  async #follow(): Promise<void> {
    for (;;) {
      const link = await this.#connector.link();
      if ((await this.#followOver(link)) === 'over') return;
      this.#tries += 1;
      if (this.#tries >= MAX_TRIES) {
        throw new AppError(
          'sandbox.unavailable',
          'the connection to the sandbox breaks again and again',
        );
      }
      await sleep(Math.min(1_000, 5 * 2 ** this.#tries));
    }
  }

  /** Until the command is over, or the link. */
  #followOver(link: Link): Promise<'over' | 'lost'> {
    const { promise, resolve } = Promise.withResolvers<'over' | 'lost'>();
    const { id, request } = this.#start;
    const offsets = { stdoutFrom: this.#offsets.stdout, stderrFrom: this.#offsets.stderr };
    const what = this.#isBegun ? { op: 'attach', id } : request;
    const credit = Math.max(0, WINDOW_BYTES - this.output.pending);
    // Read, but its credit was for a channel that is gone.
    this.output.forgetRead();
    const channel: Channel = link.request(
      { ...what, ...offsets },
      {
        onFrame: (frame) => {
          this.#onFrame(frame, channel);
          if (this.#isOver) resolve('over');
        },
        onLost: () => {
          this.#channel = null;
          this.#stdin.detach();
          resolve(this.#isOver ? 'over' : 'lost');
        },
      },
      credit,
    );
    this.#channel = channel;
    return promise;
  }

  #onFrame(frame: Frame, channel: Channel): void {
    if (frame.type === FRAME.output) this.#onOutput(frame.payload);
    else if (frame.type === FRAME.answer) this.#onAnswer(frame.payload, channel);
    else if (frame.type === FRAME.result) this.#onResult(frame.payload);
    else if (frame.type === FRAME.fail) this.#fail(this.#toError(toFailure(frame.payload)));
    else if (frame.type === FRAME.end) this.#finish(channel);
    else if (frame.type === FRAME.credit && frame.payload.length === 4) {
      this.#stdin.onCredit(frame.payload.readUInt32BE());
    } else throw broken('frame');
  }

  #onAnswer(payload: Buffer, channel: Channel): void {
    const answer = parseObject(payload);
    if (!this.#isBegun) {
      this.#isBegun = true;
      const left = countOf(answer, 'remainingMs');
      if (this.#start.deadlineMs === null) this.#armDeadline(left);
      this.#begun.resolve(null);
    }
    this.#stdin.attach(channel, {
      received: countOf(answer, 'stdinReceived'),
      isOpen: answer['stdinOpen'] === true,
      credit: countOf(answer, 'stdinCredit'),
    });
  }

  #onOutput(payload: Buffer): void {
    if (payload.length <= OUTPUT_HEAD_BYTES) throw broken('piece of output');
    const number = payload.readUInt8(0);
    if (number !== 1 && number !== 2) throw broken('stream');
    const stream = number === 1 ? 'stdout' : 'stderr';
    const bytes = payload.subarray(OUTPUT_HEAD_BYTES);
    const offset = this.#offsets[stream];
    if (payload.readBigUInt64BE(1) !== BigInt(offset)) throw broken('offset');
    if (offset + bytes.length > this.#start.maxOutputBytes) throw broken('amount of output');
    this.#offsets[stream] = offset + bytes.length;
    this.#tries = 0;
    this.output.push({ stream, offset, bytes });
  }

  #onResult(payload: Buffer): void {
    this.#result.resolve(toResult(payload));
    this.#stdin.over();
  }

  #finish(channel: Channel): void {
    this.#isOver = true;
    channel.forget();
    this.output.end();
  }

  #toError(failure: AppError): AppError {
    const isForgotten = this.#isBegun && failure.code === 'sandbox.command_not_found';
    if (!isForgotten) return failure;
    return new AppError(
      'sandbox.lost',
      'the sandbox was replaced by one that knows no such command',
    );
  }

  #fail(error: unknown): void {
    this.#isOver = true;
    this.#begun.reject(error);
    this.#result.reject(error);
    this.#stdin.over();
    this.output.end(error instanceof Error ? error : null);
  }

  /** The sandbox is not trusted to keep time, nor able to while it is frozen. */
  #armDeadline(deadlineMs: number): void {
    const afterMs = Math.min(deadlineMs + HOST_GRACE_MS, LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => this.#onDeadline(), afterMs);
  }

  #onDeadline(): void {
    this.signal('SIGKILL').catch(() => undefined);
    this.#begun.reject(
      new AppError('sandbox.unavailable', 'the command did not start in its time'),
    );
    this.#result.resolve({
      end: 'deadline',
      exitCode: null,
      signal: null,
      durationMs: Date.now() - this.#startedAt,
      cpuMs: 0,
      maxMemoryBytes: 0,
      stdoutBytes: this.#offsets.stdout,
      stderrBytes: this.#offsets.stderr,
      truncated: true,
    });
    void this[Symbol.asyncDispose]();
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
