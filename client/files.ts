import type { FileDiff, FileRevision, FileVersion } from '../contracts/file.ts';
import type { ListFilesQuery, RollbackFilesRequest } from '../contracts/file.schema.ts';
import type { PageQuery } from '../contracts/query.schema.ts';
import { createPaged, type Paged } from './paged.ts';
import {
  idempotencyHeader,
  segment,
  type CreateOptions,
  type RequestOptions,
} from './request-options.ts';
import type { Transport } from './transport.ts';

/** What to write, and on what condition. */
export interface WriteFileRequest {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Refused with `file.conflict` if another version stands; 0: if anything stands. */
  readonly expectedVersion?: number;
  /** Of the lock that the writer holds. */
  readonly fencingToken?: number;
}

/** Files of runs; each write makes a version. */
export interface Files {
  /** By path. */
  list(runId: string, query?: ListFilesQuery): Paged<FileVersion>;
  /** Versions of a file, newest first. */
  history(runId: string, path: string, query?: PageQuery): Paged<FileVersion>;
  /** The bytes of a file's last version, or of another one. */
  read(
    runId: string,
    path: string,
    options?: RequestOptions & { readonly version?: number },
  ): Promise<Uint8Array<ArrayBuffer>>;
  write(runId: string, file: WriteFileRequest, options?: CreateOptions): Promise<FileVersion>;
  /** How two versions of a file differ. */
  diff(
    runId: string,
    path: string,
    versions: RequestOptions & { readonly from: number; readonly to: number },
  ): Promise<FileDiff>;
  /** Brings a file back to a version, or all to a revision, as new versions. */
  rollback(
    runId: string,
    body: RollbackFilesRequest,
    options?: CreateOptions,
  ): Promise<FileRevision>;
}

/** The resource `files`. */
export function createFiles(transport: Transport): Files {
  const pathOf = (runId: string): string => `/v1/runs/${segment(runId)}/files`;
  return {
    list: (runId, query = {}) => createPaged(transport, { path: pathOf(runId), query }),
    history: (runId, path, query = {}) =>
      createPaged(transport, { path: `${pathOf(runId)}/history`, query: { ...query, path } }),
    read: (runId, path, { version, signal } = {}) =>
      transport.bytes({
        method: 'GET',
        path: `${pathOf(runId)}/content`,
        query: { path, version },
        headers: { accept: '*/*' },
        signal,
      }),
    write: (runId, { bytes, ...query }, options = {}) =>
      transport.json({
        method: 'PUT',
        path: `${pathOf(runId)}/content`,
        query,
        bytes,
        headers: idempotencyHeader(options),
        signal: options.signal,
      }),
    diff: (runId, path, { from, to, signal }) =>
      transport.json({
        method: 'GET',
        path: `${pathOf(runId)}/diff`,
        query: { path, from, to },
        signal,
      }),
    rollback: (runId, body, options = {}) =>
      transport.json({
        method: 'POST',
        path: `${pathOf(runId)}:rollback`,
        body,
        headers: idempotencyHeader(options),
        signal: options.signal,
      }),
  };
}
