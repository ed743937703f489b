import type {
  AuditCheck,
  CommandEntry,
  DenialEntry,
  RequestEntry,
} from '../contracts/sandbox-audit.ts';
import type { PageQuery } from '../contracts/query.schema.ts';
import { createPaged, type Paged } from './paged.ts';
import { segment, type RequestOptions } from './request-options.ts';
import type { Transport } from './transport.ts';

/** What ran in the sandboxes of runs. */
export interface Audit {
  /** In the order in which they ended. */
  commands(runId: string, query?: PageQuery): Paged<CommandEntry>;
  /** What was asked of the network, allowed or not. */
  networkRequests(runId: string, query?: PageQuery): Paged<RequestEntry>;
  /** System calls that the kernel refused, where the host tells of them. */
  deniedCalls(runId: string, query?: PageQuery): Paged<DenialEntry>;
  /** Whether all of it stands as it was written. */
  verify(runId: string, options?: RequestOptions): Promise<AuditCheck>;
}

/** The resource `audit`. */
export function createAudit(transport: Transport): Audit {
  const pathOf = (runId: string): string => `/v1/runs/${segment(runId)}`;
  return {
    commands: (runId, query = {}) =>
      createPaged(transport, { path: `${pathOf(runId)}/commands`, query }),
    networkRequests: (runId, query = {}) =>
      createPaged(transport, { path: `${pathOf(runId)}/network-requests`, query }),
    deniedCalls: (runId, query = {}) =>
      createPaged(transport, { path: `${pathOf(runId)}/denied-calls`, query }),
    verify: (runId, { signal } = {}) =>
      transport.json({ method: 'GET', path: `${pathOf(runId)}/audit:verify`, signal }),
  };
}
