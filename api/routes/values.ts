import { AppError } from '../../contracts/app-error.ts';
import { jsonSchema } from '../../contracts/json.schema.ts';
import { route } from '../route.ts';

const SHA256 = /^[0-9a-f]{64}$/;

const getValue = route({
  method: 'GET',
  path: '/v1/values/{sha256}',
  permission: 'runs:read',
  summary: 'Read a large value that an answer refers to as `{"$blob": sha256}`',
  answers: { 200: { description: 'the value', schema: jsonSchema } },
  problems: ['blob.not_found'],
  handler: async ({ params, workspaceId }, { values }) => {
    if (!SHA256.test(params.sha256)) {
      throw new AppError('blob.not_found', `no value ${params.sha256}`);
    }
    const reference = { $blob: params.sha256, sizeBytes: 0 };
    return { status: 200, body: await values.getValue(workspaceId, reference) };
  },
});

/** Routes of large values. */
export const VALUE_ROUTES = [getValue];
