import type { Artifact } from '../contracts/artifact.ts';
import type { PageQuery } from '../contracts/query.schema.ts';
import { createPaged, type Paged } from './paged.ts';
import { segment, type RequestOptions } from './request-options.ts';
import type { Transport } from './transport.ts';

/** What runs have published. */
export interface Artifacts {
  /** Of a run, oldest first. */
  list(runId: string, query?: PageQuery): Paged<Artifact>;
  get(artifactId: string, options?: RequestOptions): Promise<Artifact>;
  /** Its bytes. */
  read(artifactId: string, options?: RequestOptions): Promise<Uint8Array<ArrayBuffer>>;
}

/** The resource `artifacts`. */
export function createArtifacts(transport: Transport): Artifacts {
  const pathOf = (artifactId: string): string => `/v1/artifacts/${segment(artifactId)}`;
  return {
    list: (runId, query = {}) =>
      createPaged(transport, { path: `/v1/runs/${segment(runId)}/artifacts`, query }),
    get: (artifactId, { signal } = {}) =>
      transport.json({ method: 'GET', path: pathOf(artifactId), signal }),
    read: (artifactId, { signal } = {}) =>
      transport.bytes({
        method: 'GET',
        path: `${pathOf(artifactId)}/content`,
        headers: { accept: '*/*' },
        signal,
      }),
  };
}
