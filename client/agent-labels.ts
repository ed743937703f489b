import type { Label, LabelChange, MoveLabelRequest } from '../contracts/agent.schema.ts';
import type { Agent } from '../contracts/records.ts';
import type { PageQuery } from '../contracts/query.schema.ts';
import { createPaged, type Paged } from './paged.ts';
import { segment, type RequestOptions } from './request-options.ts';
import type { Transport } from './transport.ts';

/** Labels of agents: names that point at versions. */
export interface AgentLabels {
  getLabel(agent: string, label: string, options?: RequestOptions): Promise<Label>;
  /** Points a label at a version; runs and threads that have begun stay on theirs. */
  setLabel(agent: string, label: string, target: MoveLabelRequest): Promise<Agent>;
  /** Points a label at the version it pointed at before its last move; twice leads back. */
  rollbackLabel(agent: string, label: string, options?: RequestOptions): Promise<Agent>;
  deleteLabel(agent: string, label: string, options?: RequestOptions): Promise<void>;
  /** The moves of a label, newest first, also of one that was deleted. */
  labelHistory(agent: string, label: string, query?: PageQuery): Paged<LabelChange>;
}

/** The labels of the resource `agents`. */
export function createAgentLabels(transport: Transport): AgentLabels {
  const pathOf = (agent: string, label: string): string =>
    `/v1/agents/${segment(agent)}/labels/${segment(label)}`;

  return {
    getLabel: (agent, label, { signal } = {}) =>
      transport.json({ method: 'GET', path: pathOf(agent, label), signal }),
    setLabel: (agent, label, target) =>
      transport.json({ method: 'PUT', path: pathOf(agent, label), body: target }),
    rollbackLabel: (agent, label, { signal } = {}) =>
      transport.json({
        method: 'POST',
        path: `${pathOf(agent, label)}/rollback`,
        signal,
        // A second one would undo the first.
        repeat: 'refused',
      }),
    deleteLabel: (agent, label, { signal } = {}) =>
      transport.json({ method: 'DELETE', path: pathOf(agent, label), signal }),
    labelHistory: (agent, label, query = {}) =>
      createPaged(transport, { path: `${pathOf(agent, label)}/history`, query }),
  };
}
