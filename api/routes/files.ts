import {
  fileDiffQuerySchema,
  fileDiffSchema,
  fileHistoryQuerySchema,
  fileRevisionSchema,
  fileVersionSchema,
  listFilesQuerySchema,
  readFileQuerySchema,
  rollbackFilesSchema,
  writeFileQuerySchema,
} from '../../contracts/file.schema.ts';
import { AppError } from '../../contracts/app-error.ts';
import { checkFilePath } from '../../contracts/file-path.ts';
import { createHash } from 'node:crypto';
import { defined } from '../defined.ts';
import { idempotencyKeyOf } from '../idempotency.ts';
import { LIMITS } from '../../contracts/limits.ts';
import { pageSchema } from '../../contracts/query.schema.ts';
import { readBody } from '../read-body.ts';
import { route } from '../route.ts';
import { sendBytes } from '../send-bytes.ts';
import { toPageRequest } from '../paging.ts';
import type { IncomingMessage } from 'node:http';
import type { Principal } from '../../contracts/records.ts';
import type { RevisionOptions } from '../../db/stores/file-store.ts';
import type { Services } from '../services.ts';
import type { SpaceRef } from '../../contracts/file.ts';

const listFiles = route({
  method: 'GET',
  path: '/v1/runs/{run}/files',
  permission: 'files:read',
  summary: 'List the files of a run by path',
  query: listFilesQuerySchema,
  answers: { 200: { description: 'a page of files', schema: pageSchema(fileVersionSchema) } },
  problems: ['run.not_found', 'list.bad_cursor'],
  handler: async ({ params, query, workspaceId }, services) => {
    const space = await spaceOf(services, workspaceId, params.run);
    const filter = defined({ prefix: query.prefix, atRevision: query.revision });
    return { status: 200, body: await services.files.list(space, filter, toPageRequest(query)) };
  },
});

const fileHistory = route({
  method: 'GET',
  path: '/v1/runs/{run}/files/history',
  permission: 'files:read',
  summary: 'List the versions of a file, newest first',
  query: fileHistoryQuerySchema,
  answers: { 200: { description: 'a page of versions', schema: pageSchema(fileVersionSchema) } },
  problems: ['run.not_found', 'file.not_found', 'file.bad_path', 'list.bad_cursor'],
  handler: async ({ params, query, workspaceId }, services) => {
    const space = await spaceOf(services, workspaceId, params.run);
    const path = checkFilePath(query.path);
    return { status: 200, body: await services.files.history(space, path, toPageRequest(query)) };
  },
});

const readFile = route({
  method: 'GET',
  path: '/v1/runs/{run}/files/content',
  permission: 'files:read',
  summary: 'Read a file',
  query: readFileQuerySchema,
  answers: {
    200: {
      description: 'its bytes; `x-file-version` names the version',
      contentTypes: ['application/octet-stream'],
    },
  },
  problems: ['run.not_found', 'file.not_found', 'file.version_not_found', 'file.bad_path'],
  handler: async ({ params, query, workspaceId, response }, services) => {
    const space = await spaceOf(services, workspaceId, params.run);
    const path = checkFilePath(query.path);
    const { file, bytes } = await services.files.read(space, path, query.version);
    sendBytes(response, {
      bytes,
      name: path,
      mediaType: 'application/octet-stream',
      sha256: file.sha256 ?? '',
      headers: { 'x-file-version': String(file.version) },
    });
    return null;
  },
});

const writeFile = route({
  method: 'PUT',
  path: '/v1/runs/{run}/files/content',
  permission: 'files:write',
  summary: "Write a file: makes the path's next version",
  query: writeFileQuerySchema,
  takesBytes: true,
  bodyBytes: LIMITS.fileBytes,
  headers: { 'idempotency-key': 'the same key with the same bytes answers with the same version' },
  answers: { 201: { description: 'the version', schema: fileVersionSchema } },
  problems: [
    'run.not_found',
    'file.bad_path',
    'file.conflict',
    'file.locked',
    'idempotency.key_reused',
  ],
  handler: async ({ params, query, workspaceId, principal, request }, services) => {
    const space = await spaceOf(services, workspaceId, params.run);
    const path = checkFilePath(query.path);
    const options = optionsOf(request, principal);
    const content = await readBody(request, LIMITS.fileBytes);
    const { expectedVersion, fencingToken } = query;
    const guard = defined({ expectedVersion, fencingToken });
    const change = { kind: 'file', path, content, ...guard } as const;
    const version = await services.files.write(space, change, options);
    const sha256 = createHash('sha256').update(content).digest('hex');
    if (version.path !== path || version.sha256 !== sha256) throw keyReused();
    return { status: 201, body: version };
  },
});

const diffFile = route({
  method: 'GET',
  path: '/v1/runs/{run}/files/diff',
  permission: 'files:read',
  summary: 'Compare two versions of a file',
  query: fileDiffQuerySchema,
  answers: { 200: { description: 'how they differ', schema: fileDiffSchema } },
  problems: ['run.not_found', 'file.not_found', 'file.version_not_found', 'file.bad_path'],
  handler: async ({ params, query, workspaceId }, services) => {
    const space = await spaceOf(services, workspaceId, params.run);
    const path = checkFilePath(query.path);
    return { status: 200, body: await services.files.diff(space, { ...query, path }) };
  },
});

const rollbackFiles = route({
  method: 'POST',
  path: '/v1/runs/{run}/files:rollback',
  permission: 'files:write',
  summary: 'Bring a file back to a version, or all files to a revision, as new versions',
  body: rollbackFilesSchema,
  headers: { 'idempotency-key': 'the same key answers with what was written the first time' },
  answers: { 200: { description: 'what was written', schema: fileRevisionSchema } },
  problems: [
    'run.not_found',
    'file.not_found',
    'file.version_not_found',
    'file.bad_path',
    'file.conflict',
    'file.locked',
  ],
  handler: async ({ params, body, workspaceId, principal, request }, services) => {
    const space = await spaceOf(services, workspaceId, params.run);
    const options = optionsOf(request, principal);
    const written =
      'path' in body
        ? await services.files.rollback(space, { ...body, path: checkFilePath(body.path) }, options)
        : await services.files.rollbackAll(space, body.revision, options);
    return { status: 200, body: written };
  },
});

/** Routes of a run's files. */
export const FILE_ROUTES = [listFiles, fileHistory, readFile, writeFile, diffFile, rollbackFiles];

/** The run's own space. Throws `run.not_found`. */
async function spaceOf(services: Services, workspaceId: string, runId: string): Promise<SpaceRef> {
  const run = await services.runs.get(workspaceId, runId);
  return { workspaceId, spaceId: run.id };
}

/** Keys of callers are apart from those of steps. */
function optionsOf(request: IncomingMessage, principal: Principal): RevisionOptions {
  const key = idempotencyKeyOf(request);
  const actor = principal.apiKeyId;
  return key === undefined ? { actor } : { actor, key: `api:${actor}:${key}` };
}

function keyReused(): AppError {
  const message = 'the idempotency key was used for another file or other bytes; take a new one';
  return new AppError('idempotency.key_reused', message);
}
