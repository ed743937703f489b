import { sql, type Kysely } from 'kysely';

/**
 * `journal_reserve(asked)` gives the right to execute a step, or says what stands in its place;
 * `journal_tokens(batch)` places pieces of text behind the last event of their runs.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql.raw(RESERVE).execute(db);
  await sql.raw(TOKENS).execute(db);
}

const RESERVE = `
  create function journal_reserve(asked jsonb)
  returns table (kind text, attempt int, outcome jsonb, memo jsonb)
  language plpgsql
  as $$
  #variable_conflict use_column
  declare
    ws text := asked ->> 'workspace_id';
    run text := asked ->> 'run_id';
    at_epoch int := asked ->> 'epoch';
    step text := asked ->> 'step_id';
    owner record;
    known record;
    entry jsonb;
  begin
    select r.status, r.epoch, r.last_event_seq into owner
    from runs r where r.workspace_id = ws and r.id = run
    for no key update;
    if not found then
      return query select 'unknown_run', 0, null::jsonb, null::jsonb; return;
    elsif owner.status in ('succeeded', 'failed', 'cancelled') then
      return query select 'run_ended', 0, null::jsonb, null::jsonb; return;
    elsif owner.epoch <> at_epoch then
      return query select 'superseded', 0, null::jsonb, null::jsonb; return;
    end if;
    select s.status, s.attempt, s.outcome, s.memo into known
    from steps s
    where s.workspace_id = ws and s.run_id = run and s.epoch = at_epoch and s.step_id = step;
    if not found then
      insert into steps (workspace_id, run_id, epoch, step_id, key, node_id, op, visit,
        parent_step_id, call_index, status, attempt, started_at, memo)
      values (ws, run, at_epoch, step, asked ->> 'key', asked ->> 'node_id', asked ->> 'op',
        (asked ->> 'visit')::int, asked ->> 'parent_step_id', (asked ->> 'call_index')::int,
        'running', 1, clock_timestamp(), asked -> 'memo');
      known := row ('running', 1, null::jsonb, asked -> 'memo');
      entry := asked -> 'started';
      return query select 'granted', 1, null::jsonb, asked -> 'memo';
    elsif known.status in ('done', 'failed', 'cancelled') then
      return query select 'finished', known.attempt, known.outcome, known.memo; return;
    elsif known.status = 'waiting' then
      if not (asked ->> 'resume')::boolean or exists (
        select from human_tasks h
        where h.workspace_id = ws and h.id = known.outcome ->> 'taskId' and h.status = 'open'
      ) then
        return query select 'waiting', known.attempt, known.outcome, known.memo; return;
      end if;
      update steps s set status = 'running', attempt = s.attempt + 1, memo = asked -> 'memo'
      where s.workspace_id = ws and s.run_id = run and s.epoch = at_epoch and s.step_id = step;
      return query select 'granted', known.attempt + 1, null::jsonb, asked -> 'memo'; return;
    else
      update steps s set attempt = s.attempt + 1
      where s.workspace_id = ws and s.run_id = run and s.epoch = at_epoch and s.step_id = step;
      -- Text of the attempt before is void; the entry below tells clients to drop theirs.
      delete from event_tokens t
      where t.workspace_id = ws and t.run_id = run and t.step_id = step;
      entry := asked -> 'retrying';
      return query select 'granted', known.attempt + 1, null::jsonb, known.memo;
    end if;
    insert into events (workspace_id, run_id, seq, type, step_id, at, data)
    values (ws, run, owner.last_event_seq + 1, entry ->> 'type', entry ->> 'step_id',
      clock_timestamp(), entry -> 'data');
    update runs r set last_event_seq = r.last_event_seq + 1, last_token_sub = 0
    where r.workspace_id = ws and r.id = run;
  end
  $$`;

const TOKENS = `
  create function journal_tokens(batch jsonb) returns void
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
        workspace_id text, run_id text, step_id text, attempt int, text text
      )) with ordinality as c (workspace_id, run_id, step_id, attempt, text, place)
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
      insert into event_tokens (workspace_id, run_id, seq, sub, step_id, attempt, text)
      select w.workspace_id, w.run_id, w.seq, w.sub, w.step_id, w.attempt, w.text from wanted w
    )
    update runs r set last_token_sub = l.sub
    from (
      select w.workspace_id, w.run_id, max(w.sub) as sub from wanted w
      group by w.workspace_id, w.run_id
    ) l
    where r.workspace_id = l.workspace_id and r.id = l.run_id;
  end
  $$`;
