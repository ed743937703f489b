import { sql, type Kysely } from 'kysely';

/** Vectors of texts, kept so that no text is embedded twice; nothing refers to them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table embedding_cache (
      workspace_id text collate "C" not null references workspaces (id),
      embedder_set text collate "C" not null,
      use text not null check (use in ('query', 'document')),
      hash bytea not null check (octet_length(hash) = 32),
      vector bytea not null,
      last_used_at timestamptz not null,
      primary key (workspace_id, embedder_set, use, hash)
    )`.execute(db);
  // Floats do not become smaller by compression.
  await sql`alter table embedding_cache alter column vector set storage external`.execute(db);
  await sql`
    create index embedding_cache_by_use on embedding_cache (workspace_id, last_used_at)`.execute(
    db,
  );
  await sql`create index embedding_cache_old on embedding_cache (last_used_at)`.execute(db);
}
