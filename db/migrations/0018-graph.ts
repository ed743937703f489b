import { sql, type Kysely } from 'kysely';

/** Entities, the words that they are found by, and facts between them with both of their times. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table kg_entities (
      workspace_id text collate "C" not null references workspaces (id),
      id text collate "C" not null,
      name text not null,
      -- How the name is compared.
      name_key text collate "C" not null,
      type text collate "C" not null,
      summary text not null,
      user_id text collate "C",
      words int not null,
      version int not null default 1,
      created_at timestamptz not null default now(),
      primary key (workspace_id, id)
    )`.execute(db);
  await sql`
    create unique index kg_entities_once
    on kg_entities (workspace_id, name_key, type, coalesce(user_id, ''))`.execute(db);
  await sql`
    create index kg_entities_by_user on kg_entities (workspace_id, user_id)
    where user_id is not null`.execute(db);
  // Found by the beginning of a word within one workspace, which no full-text index does alone.
  await sql`
    create table kg_entity_words (
      workspace_id text collate "C" not null,
      word text collate "C" not null,
      entity_id text collate "C" not null,
      primary key (workspace_id, word, entity_id),
      foreign key (workspace_id, entity_id)
        references kg_entities (workspace_id, id) on delete cascade
    )`.execute(db);
  await sql`
    create index kg_entity_words_by_entity
    on kg_entity_words (workspace_id, entity_id)`.execute(db);
  await createFacts(db);
}

async function createFacts(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table kg_facts (
      workspace_id text collate "C" not null,
      id text collate "C" not null,
      version int not null,
      src text collate "C" not null,
      dst text collate "C" not null,
      predicate text collate "C" not null,
      text text not null,
      confidence double precision not null check (confidence between 0 and 1),
      user_id text collate "C",
      memory_id text collate "C",
      run_id text collate "C",
      message_id text collate "C",
      key text collate "C",
      valid_at timestamptz not null,
      invalid_at timestamptz,
      recorded_at timestamptz not null,
      expired_at timestamptz,
      primary key (workspace_id, id, version),
      foreign key (workspace_id, src) references kg_entities (workspace_id, id) on delete cascade,
      foreign key (workspace_id, dst) references kg_entities (workspace_id, id) on delete cascade,
      foreign key (workspace_id, memory_id)
        references memories (workspace_id, id) on delete cascade,
      foreign key (workspace_id, run_id)
        references runs (workspace_id, id) on delete set null (run_id),
      check (invalid_at is null or invalid_at >= valid_at),
      check (expired_at is null or expired_at >= recorded_at)
    )`.execute(db);
  await sql`
    create unique index kg_facts_current on kg_facts (workspace_id, id)
    where expired_at is null`.execute(db);
  await sql`
    create unique index kg_facts_by_key on kg_facts (workspace_id, key)
    where key is not null and version = 1`.execute(db);
  // What is known now is asked for all the time, what was known seldom.
  for (const [known, condition] of [
    ['known', 'expired_at is null'],
    ['past', 'expired_at is not null'],
  ] as const) {
    const where = sql.raw(condition);
    for (const end of ['src', 'dst']) {
      await sql`
        create index ${sql.id(`kg_facts_${known}_${end}`)}
        on kg_facts (workspace_id, ${sql.id(end)}) where ${where}`.execute(db);
    }
  }
  await sql`
    create index kg_facts_known_predicate on kg_facts (workspace_id, predicate)
    where expired_at is null`.execute(db);
  for (const column of ['user_id', 'memory_id', 'run_id']) {
    await sql`
      create index ${sql.id(`kg_facts_by_${column}`)} on kg_facts (workspace_id, ${sql.id(column)})
      where ${sql.id(column)} is not null`.execute(db);
  }
}
