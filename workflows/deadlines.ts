import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import type { Token } from '../contracts/frontier.ts';

/** The clocks of tasks that are open; each runs out at most once. */
export class Deadlines {
  readonly #clocks = new Map<string, CancellationScope>();
  readonly #onExpired: (taskId: string) => Promise<void>;
  readonly #onFailed: (error: unknown) => void;

  constructor(onExpired: (taskId: string) => Promise<void>, onFailed: (error: unknown) => void) {
    this.#onExpired = onExpired;
    this.#onFailed = onFailed;
  }

  /** Starts clocks for tokens that wait and have none. */
  watch(tokens: readonly Token[]): void {
    for (const { waitingFor } of tokens) {
      if (waitingFor === undefined || waitingFor.deadlineAt === null) continue;
      if (!this.#clocks.has(waitingFor.taskId))
        this.#start(waitingFor.taskId, waitingFor.deadlineAt);
    }
  }

  /** Stops a task's clock. */
  cancel(taskId: string): void {
    this.#clocks.get(taskId)?.cancel();
    this.#clocks.delete(taskId);
  }

  /** Stops the clocks of tasks that no token waits for. */
  keepOnly(tokens: readonly Token[]): void {
    const open = new Set(tokens.map((token) => token.waitingFor?.taskId));
    for (const taskId of this.#clocks.keys()) if (!open.has(taskId)) this.cancel(taskId);
  }

  /** Stops all clocks. */
  cancelAll(): void {
    for (const taskId of [...this.#clocks.keys()]) this.cancel(taskId);
  }

  #start(taskId: string, deadlineAt: number): void {
    const clock = new CancellationScope();
    this.#clocks.set(taskId, clock);
    clock
      .run(async () => {
        await sleep(Math.max(1, deadlineAt - Date.now()), { summary: `deadline of ${taskId}` });
        // The clock has run out: its expiry is journaled even if the task is answered just now.
        await CancellationScope.nonCancellable(() => this.#onExpired(taskId));
      })
      .catch((error: unknown) => {
        if (!isCancellation(error)) this.#onFailed(error);
      });
  }
}
