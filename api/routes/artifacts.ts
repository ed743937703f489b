import { artifactSchema } from '../../contracts/artifact.schema.ts';
import { pageQuerySchema, pageSchema } from '../../contracts/query.schema.ts';
import { route } from '../route.ts';
import { sendBytes } from '../send-bytes.ts';
import { toPageRequest } from '../paging.ts';

const listArtifacts = route({
  method: 'GET',
  path: '/v1/runs/{run}/artifacts',
  permission: 'files:read',
  summary: 'List what a run has published, oldest first',
  query: pageQuerySchema,
  answers: { 200: { description: 'a page of artifacts', schema: pageSchema(artifactSchema) } },
  problems: ['run.not_found', 'list.bad_cursor'],
  handler: async ({ params, query, workspaceId }, { artifacts }) => {
    const ref = { workspaceId, runId: params.run };
    return { status: 200, body: await artifacts.list(ref, toPageRequest(query)) };
  },
});

const getArtifact = route({
  method: 'GET',
  path: '/v1/artifacts/{artifact}',
  permission: 'files:read',
  summary: 'Read what is said of an artifact',
  answers: { 200: { description: 'the artifact', schema: artifactSchema } },
  problems: ['artifact.not_found'],
  handler: async ({ params, workspaceId }, { artifacts }) => ({
    status: 200,
    body: await artifacts.get(workspaceId, params.artifact),
  }),
});

const readArtifact = route({
  method: 'GET',
  path: '/v1/artifacts/{artifact}/content',
  permission: 'files:read',
  summary: 'Read an artifact; a browser downloads it, and shows images',
  answers: {
    200: {
      description: 'its bytes, of its media type',
      contentTypes: ['application/octet-stream'],
    },
  },
  problems: ['artifact.not_found'],
  handler: async ({ params, workspaceId, response }, { artifacts }) => {
    const { artifact, bytes } = await artifacts.read(workspaceId, params.artifact);
    sendBytes(response, { ...artifact, bytes });
    return null;
  },
});

/** Routes of what runs have published. */
export const ARTIFACT_ROUTES = [listArtifacts, getArtifact, readArtifact];
