import { rowsToRead, textPlace, toPage, type Page, type PageRequest } from '../stores/page.ts';
import { sql, type Kysely } from 'kysely';
import type { MemoryScope, ScopeCount } from '../../contracts/memory.ts';
import type { Tables } from '../tables.ts';

interface ScopeRow {
  readonly scope: MemoryScope;
  readonly owner: string;
  readonly active: number;
  readonly archived: number;
  readonly last_at: Date;
  readonly place: string;
}

/** See `MemoryStore.scopes`. */
export async function listScopes(
  kysely: Kysely<Tables>,
  workspaceId: string,
  { scope, page }: { readonly scope?: MemoryScope; readonly page: PageRequest },
): Promise<Page<ScopeCount>> {
  const place = textPlace(page);
  const ofScope = scope === undefined ? sql`true` : sql`m.scope = ${scope}`;
  const owner = sql`case m.scope when 'user' then m.user_id when 'agent' then m.agent_id
    when 'thread' then m.thread_id else '' end`;
  const { rows } = await sql<ScopeRow>`
    with held as (
      select m.scope, ${owner} as owner, m.scope || ' ' || ${owner} as place, m.status, m.updated_at
      from memories m
      where m.workspace_id = ${workspaceId} and m.status <> 'deleted' and ${ofScope})
    select scope, owner, place, count(*) filter (where status = 'active') as active,
      count(*) filter (where status = 'archived') as archived, max(updated_at) as last_at
    from held where ${place === null ? sql`true` : sql`place collate "C" > ${place}`}
    group by scope, owner, place order by place collate "C" limit ${rowsToRead(page)}`.execute(
    kysely,
  );
  return toPage(rows, page, { item: fromRow, place: (row) => [row.place] });
}

function fromRow(row: ScopeRow): ScopeCount {
  return {
    scope: row.scope,
    id: row.owner === '' ? null : row.owner,
    active: row.active,
    archived: row.archived,
    lastAt: row.last_at.toISOString(),
  };
}
