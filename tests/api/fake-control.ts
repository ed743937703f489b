import { AppError } from '../../contracts/app-error.ts';
import type { Journal } from '../../contracts/journal.ts';
import type { RunControl, RunStart } from '../../contracts/run-control.ts';

/** Stands for the workflow service: does what a healthy one would do, or fails on request. */
export interface FakeControl extends RunControl {
  readonly started: RunStart[];
  /** `away` rejects, `silent` never answers. */
  startMode: 'ok' | 'away' | 'silent';
  /** `ends` cancels the run at once, `silent` does nothing, `away` rejects. */
  cancelMode: 'ends' | 'silent' | 'away';
  /** Called before a decision is settled. */
  beforeDecide: () => Promise<void>;
}

/** A control whose runs end and whose tasks are settled in the journal. */
export function createFakeControl(journal: Journal): FakeControl {
  const away = (): Promise<never> =>
    Promise.reject(new AppError('service.unavailable', 'the workflow service is away'));
  const control: FakeControl = {
    started: [],
    startMode: 'ok',
    cancelMode: 'ends',
    beforeDecide: () => Promise.resolve(),
    start: async (run) => {
      if (control.startMode === 'away') return away();
      if (control.startMode === 'silent') return new Promise(() => undefined);
      control.started.push(run);
      return 'open';
    },
    decide: async ({ workspaceId, runId, taskId, decision }) => {
      await control.beforeDecide();
      const settled = await journal.settle({ workspaceId, runId }, taskId, decision);
      return settled.by === 'decision'
        ? { by: 'decision', decisionId: settled.decision.decisionId }
        : { by: 'timeout' };
    },
    cancel: async (ref) => {
      if (control.cancelMode === 'away') return away();
      if (control.cancelMode === 'silent') return;
      await journal.commit({
        ...ref,
        epoch: 0,
        events: [{ type: 'run.cancelled', data: {} }],
        end: { end: { status: 'cancelled' }, output: null, messages: [] },
      });
    },
  };
  return control;
}
