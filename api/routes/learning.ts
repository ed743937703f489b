import { AppError } from '../../contracts/app-error.ts';
import { learningSchema } from '../../contracts/learning.schema.ts';
import { route } from '../route.ts';

const getLearning = route({
  method: 'GET',
  path: '/v1/runs/{run}/learning',
  permission: 'memories:read',
  summary: 'Read what was learnt from a run, and how far that is',
  answers: { 200: { description: 'how far it is', schema: learningSchema } },
  problems: ['run.not_found', 'learning.not_found'],
  handler: async ({ params, workspaceId }, { learnings, runs }) => {
    const { id: runId } = await runs.get(workspaceId, params.run);
    const found = await learnings.get({ workspaceId, runId });
    if (found === null) {
      const message = 'nothing is learnt from this run: it goes on, or its agent does not learn';
      throw new AppError('learning.not_found', message);
    }
    const { state, reason, updatedAt } = found;
    const outcomes = found.outcomes.map((outcome) => ({ ...outcome }));
    return { status: 200, body: { runId, state, outcomes, reason, updatedAt } };
  },
});

/** Routes of what is learnt from runs. */
export const LEARNING_ROUTES = [getLearning];
