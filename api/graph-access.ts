import { AppError } from '../contracts/app-error.ts';
import { defined } from './defined.ts';
import { isVisible } from './memory-access.ts';
import type { Entity, GraphFact, GraphMoment } from '../contracts/graph.ts';
import type { Services } from './services.ts';

interface Asked {
  readonly workspaceId: string;
  readonly id: string;
  readonly userId?: string | undefined;
}

/** The entity, if the person may see it. Throws `graph.entity_not_found`. */
export async function visibleEntity(services: Services, asked: Asked): Promise<Entity> {
  const [entity] = await services.graph.getEntities(asked.workspaceId, [asked.id]);
  if (entity !== undefined && isVisible(entity, asked.userId)) return entity;
  throw new AppError('graph.entity_not_found', `no entity ${asked.id}`);
}

/** All versions of a fact, if the person may see it. Throws `graph.fact_not_found`. */
export async function visibleFact(services: Services, asked: Asked): Promise<readonly GraphFact[]> {
  const versions = await services.graph.factHistory(asked.workspaceId, asked.id);
  const last = versions.at(-1);
  if (last !== undefined && isVisible(last, asked.userId)) return versions;
  throw new AppError('graph.fact_not_found', `no fact ${asked.id}`);
}

/** When and for whom a query looks at the graph. */
export function graphMomentOf(query: {
  readonly validAt?: string | undefined;
  readonly recordedAt?: string | undefined;
  readonly userId?: string | undefined;
}): GraphMoment {
  const { validAt, recordedAt, userId: viewerId } = query;
  return defined({ validAt, recordedAt, viewerId });
}
