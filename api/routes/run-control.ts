import { AppError } from '../../contracts/app-error.ts';
import { cancelPendingSchema, runSchema, waitQuerySchema } from '../../contracts/run.schema.ts';
import { followToEnd } from '../follow-to-end.ts';
import { isTerminal } from '../../contracts/status.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { responseStop } from '../response-stop.ts';
import { route, type Reply } from '../route.ts';
import { waitForRun } from '../wait-run.ts';
import type { Run } from '../../contracts/records.ts';

const waitRun = route({
  method: 'GET',
  path: '/v1/runs/{run}/wait',
  permission: 'runs:read',
  summary: 'Wait for the end of a run; newlines come while it is pending, then the run as JSON',
  query: waitQuerySchema,
  answers: {
    200: { description: 'the run, ended unless the time was over', schema: runSchema },
  },
  problems: ['run.not_found'],
  handler: ({ params, query, workspaceId, response }, services) =>
    waitForRun(
      services,
      { workspaceId, runId: params.run },
      { response, timeoutMs: query.timeoutMs ?? LIMITS.waitMs },
    ),
});

const cancelRun = route({
  method: 'POST',
  path: '/v1/runs/{run}/cancel',
  permission: 'runs:write',
  summary: 'Cancel a run and wait until it has ended',
  answers: {
    200: { description: 'the cancelled run', schema: runSchema },
    202: { description: 'asked for, but not done in time', schema: cancelPendingSchema },
  },
  problems: ['run.not_found', 'run.ended'],
  handler: async ({ params, workspaceId, response }, services) => {
    const ref = { workspaceId, runId: params.run };
    // Followed before it is read: an end in between is not missed.
    using follower = services.runFeeds.follow({ workspaceId, id: params.run });
    const { run } = await services.runs.requestCancel(workspaceId, params.run);
    if (isTerminal(run.status)) return toCancelReply(run);
    // The request is stored: a workflow that cannot be told now sees it when it goes on.
    void services.control.cancel(ref).catch((error: unknown) => {
      services.log.warn({ err: error, runId: ref.runId }, 'the workflow was not told to stop');
    });
    const followed = { ref, follower, run };
    const ended = await followToEnd(services, followed, {
      signal: responseStop(response, services.closing).signal,
      timeoutMs: services.timing.cancelWaitMs,
    });
    return toCancelReply(ended);
  },
});

/** Routes that wait for a run or stop it. */
export const RUN_CONTROL_ROUTES = [waitRun, cancelRun];

function toCancelReply(run: Run): Reply {
  if (run.status === 'cancelled') return { status: 200, body: run };
  if (isTerminal(run.status)) {
    throw new AppError('run.ended', `run ${run.id} has ended: ${run.status}`);
  }
  return { status: 202, body: { cancelled: false, runId: run.id } };
}
