import { sql, type RawBuilder } from 'kysely';
import type { GraphMoment } from '../../contracts/graph.ts';

/**
 * Facts at an entity in both directions, with `next`, their other end: those so and known at the
 * moment. Each direction is a query of its own, because one with `or` uses no index of the two; what
 * is known no more has indexes of its own and is read only when an earlier moment asks for it.
 */
export function knownArms(
  workspaceId: string,
  { validAt, recordedAt, viewerId, now }: GraphMoment & { readonly now: Date },
  entity: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const then = validAt === undefined ? now : new Date(validAt);
  const valid = sql`f.valid_at <= ${then}::timestamptz
    and (f.invalid_at is null or f.invalid_at > ${then}::timestamptz) and ${visibleTo('f', viewerId)}`;
  const known = recordedAt === undefined ? null : new Date(recordedAt);
  const conditions =
    known === null
      ? [sql`f.expired_at is null`]
      : [
          sql`f.expired_at is null and f.recorded_at <= ${known}::timestamptz`,
          sql`f.expired_at is not null and f.recorded_at <= ${known}::timestamptz
            and f.expired_at > ${known}::timestamptz`,
        ];
  const arms = conditions.flatMap((condition) => [
    sql`select f.*, f.dst as next from kg_facts f
      where f.workspace_id = ${workspaceId} and f.src = ${entity} and ${condition} and ${valid}`,
    sql`select f.*, f.src as next from kg_facts f
      where f.workspace_id = ${workspaceId} and f.dst = ${entity} and ${condition} and ${valid}`,
  ]);
  return sql.join(arms, sql` union all `);
}

/** Of nobody in particular, or of the one who looks; `table` is a name within the query. */
export function visibleTo(table: 'e' | 'f', viewerId: string | undefined): RawBuilder<boolean> {
  if (viewerId === undefined) return sql<boolean>`true`;
  const userId = sql.ref(`${table}.user_id`);
  return sql<boolean>`(${userId} is null or ${userId} = ${viewerId})`;
}
