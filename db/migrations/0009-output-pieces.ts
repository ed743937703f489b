import { sql, type Kysely } from 'kysely';

/** Pieces of commands' output beside those of models' texts; `stream` says which it is. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table event_tokens
      add column stream text check (stream in ('stdout', 'stderr'))`.execute(db);
  await sql.raw(TOKENS).execute(db);
}

const TOKENS = `
  create or replace function journal_tokens(batch jsonb) returns void
  language plpgsql
  set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
  as $$
  begin
    perform from runs r
    where (r.workspace_id, r.id) in (
      select c ->> 'workspace_id', c ->> 'run_id' from jsonb_array_elements(batch) c
    )
    order by r.workspace_id, r.id
    for no key update;
    with chunk as (
      select * from rows from (jsonb_to_recordset(batch) as (
        workspace_id text, run_id text, step_id text, attempt int, text text, stream text
      )) with ordinality as c (
        workspace_id, run_id, step_id, attempt, text, stream, place
      )
    ),
    -- Text of an attempt that somebody else has taken over, or of a finished step, is void.
    wanted as materialized (
      select c.*, r.last_event_seq as seq, r.last_token_sub
          + row_number() over (partition by c.workspace_id, c.run_id order by c.place) as sub
      from chunk c
      join runs r on r.workspace_id = c.workspace_id and r.id = c.run_id
        and r.status in ('queued', 'running', 'waiting')
      left join steps s on s.workspace_id = c.workspace_id and s.run_id = c.run_id
        and s.epoch = r.epoch and s.step_id = c.step_id
      where s.step_id is null or (s.status = 'running' and s.attempt = c.attempt)
    ),
    written as (
      insert into event_tokens (workspace_id, run_id, seq, sub, step_id, attempt, text, stream)
      select w.workspace_id, w.run_id, w.seq, w.sub, w.step_id, w.attempt, w.text, w.stream
      from wanted w
    )
    update runs r set last_token_sub = l.sub
    from (
      select w.workspace_id, w.run_id, max(w.sub) as sub from wanted w
      group by w.workspace_id, w.run_id
    ) l
    where r.workspace_id = l.workspace_id and r.id = l.run_id;
  end
  $$`;
