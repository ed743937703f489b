import { endWrite } from './run-end.ts';
import { runEnded } from './event-data.ts';
import { standingEnd } from './standing-end.ts';
import type { RunEnd } from '../../contracts/frontier.ts';
import type { RunRef } from '../../contracts/journal.ts';
import type { StepExecutor } from './execute-step.ts';

/** How a run ends where no step's commit does it. */
export interface Finish {
  readonly epoch: number;
  readonly end: RunEnd;
}

/** Journals the end of a run and answers with the end that stands. */
export async function finishRun(
  executor: StepExecutor,
  ref: RunRef,
  { epoch, end }: Finish,
): Promise<RunEnd> {
  const { deps, library, states } = executor;
  const run = await library.run(ref);
  const version = await library.version(run);
  const write = await endWrite(
    { journal: deps.journal, nodes: deps.nodes, library, states },
    { run, version, epoch, end, last: null },
  );
  const answer = await deps.journal.commit({
    workspaceId: ref.workspaceId,
    runId: ref.runId,
    epoch,
    events: [runEnded(write.end, write.output)],
    end: write,
  });
  if (answer.kind === 'committed') return write.end;
  return standingEnd(await library.freshRun(ref), write.end);
}
