import { AppError } from '../../contracts/app-error.ts';
import { checkpointSchema, checkpointStateSchema, stepSchema } from '../../contracts/run.schema.ts';
import { foldDeltas, initialState } from '../../engine/fold.ts';
import { pageQuerySchema, pageSchema } from '../../contracts/query.schema.ts';
import { route } from '../route.ts';
import { toPageRequest } from '../paging.ts';
import type { CheckpointDeltas } from '../../db/stores/run-store.ts';
import type { Delta } from '../../contracts/step.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { Run } from '../../contracts/records.ts';
import type { Services } from '../services.ts';

const SEQ = /^\d{1,15}$/;

const listSteps = route({
  method: 'GET',
  path: '/v1/runs/{run}/steps',
  permission: 'runs:read',
  summary: "List the steps of a run in the graph's order",
  query: pageQuerySchema,
  answers: { 200: { description: 'a page of steps', schema: pageSchema(stepSchema) } },
  problems: ['run.not_found', 'list.bad_cursor'],
  handler: async ({ params, query, workspaceId }, { runs }) => ({
    status: 200,
    body: await runs.steps(workspaceId, params.run, toPageRequest(query)),
  }),
});

const listCheckpoints = route({
  method: 'GET',
  path: '/v1/runs/{run}/checkpoints',
  permission: 'runs:read',
  summary: 'List the checkpoints of a run, oldest first',
  query: pageQuerySchema,
  answers: { 200: { description: 'a page of checkpoints', schema: pageSchema(checkpointSchema) } },
  problems: ['run.not_found', 'list.bad_cursor'],
  handler: async ({ params, query, workspaceId }, { runs }) => ({
    status: 200,
    body: await runs.checkpoints(workspaceId, params.run, toPageRequest(query)),
  }),
});

const getCheckpoint = route({
  method: 'GET',
  path: '/v1/runs/{run}/checkpoints/{seq}',
  permission: 'runs:read',
  summary: "Read a checkpoint with the channels' values there",
  answers: { 200: { description: 'the checkpoint', schema: checkpointStateSchema } },
  problems: ['run.not_found', 'checkpoint.not_found'],
  handler: async ({ params, workspaceId }, services) => {
    const { seq } = params;
    const run = await services.runs.get(workspaceId, params.run);
    const found = SEQ.test(seq)
      ? await services.runs.checkpoint(workspaceId, run.id, Number(seq))
      : null;
    if (found === null) {
      throw new AppError('checkpoint.not_found', `no step of run ${run.id} ended at event ${seq}`);
    }
    const state = await stateAt(services, run, found);
    return { status: 200, body: { ...found.checkpoint, state } };
  },
});

/** Routes of a run's steps and checkpoints. */
export const RUN_STEP_ROUTES = [listSteps, listCheckpoints, getCheckpoint];

async function stateAt(services: Services, run: Run, at: CheckpointDeltas): Promise<JsonObject> {
  const { workspaceId } = run;
  const { graph } = await services.versions.version(workspaceId, run.versionId);
  const deltas: Delta[] = [];
  for (const { channel, value } of at.steps.flatMap((step) => step.deltas)) {
    deltas.push({ channel, value: await services.values.getValue(workspaceId, value) });
  }
  return foldDeltas(graph.channels, initialState(graph.channels), deltas);
}
