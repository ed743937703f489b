import { sql, type Kysely } from 'kysely';

/**
 * `journal_commit_steps(batch)` is `journal_commit` for the most common units: finished steps that
 * were not reserved, used nothing and open no task; they may begin or end their run. Starting the
 * large statement costs more than writing a single such step does.
 *
 * The verdict `waits` says that a unit must go the other way: its step is found waiting, its run has
 * begun before, or what ends has open tasks, or pieces of text that go with it.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `create function journal_commit_steps(batch jsonb)
      returns table (i int, verdict text, last_seq int, found jsonb)
      language plpgsql
      set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
      as $$
      #variable_conflict use_column
      declare
        stamp timestamptz;
      begin
        -- The same lock in the same order as in journal_commit.
        perform from runs r
        where (r.workspace_id, r.id) in (
          select u ->> 'workspace_id', u ->> 'run_id' from jsonb_array_elements(batch) u
        )
        order by r.workspace_id, r.id
        for no key update;
        stamp := clock_timestamp();
        return query with ${JUDGED}, ${PLACED}, ${WRITES}
        select p.i, p.verdict, p.last_seq, case when p.verdict = 'finished' then p.found end
        from placed p;
      end
      $$`,
    )
    .execute(db);
}

const JUDGED = `
  judged as (
    select u.*, r.last_event_seq, s.outcome as found,
      case
        when r.id is null then 'unknown_run'
        when r.status in ('succeeded', 'failed', 'cancelled') then 'run_ended'
        when u.epoch <> r.epoch then 'superseded'
        when s.status in ('done', 'failed', 'cancelled') then 'finished'
        when s.attempt > 0 then 'superseded'
        when s.step_id is not null then 'waits'
        when u.starts and r.status <> 'queued' then 'waits'
        when r.open_human_tasks > 0 then 'waits'
        when u.end_status is not null and exists (
          select from event_tokens t where t.workspace_id = u.workspace_id and t.run_id = u.run_id
        ) then 'waits'
        else 'committed'
      end as verdict
    from jsonb_to_recordset(batch) as u (
      i int, workspace_id text, run_id text, epoch int, starts boolean, events jsonb,
      step_id text, node_id text, op text, visit int, key text, parent_step_id text,
      call_index int, status text, started_at double precision, step_event int,
      outcome jsonb, deltas jsonb, result jsonb, error jsonb, memo jsonb,
      snapshot_key text, snapshot jsonb, end_status text, output jsonb, end_error jsonb
    )
    left join runs r on r.workspace_id = u.workspace_id and r.id = u.run_id
    left join steps s on s.workspace_id = u.workspace_id and s.run_id = u.run_id
      and s.epoch = u.epoch and s.step_id = u.step_id
  )`;

const PLACED = `
  placed as materialized (
    select j.*, jsonb_array_length(j.events) as n,
      (j.last_event_seq + sum(
        case when j.verdict = 'committed' then jsonb_array_length(j.events) else 0 end
      ) over (partition by j.workspace_id, j.run_id order by j.i))::int as last_seq
    from judged j
  )`;

const WRITES = `
  new_events as (
    insert into events (workspace_id, run_id, seq, type, step_id, at, data)
    select p.workspace_id, p.run_id, p.last_seq - p.n + e.place, e.type, e.step_id, stamp, e.data
    from placed p cross join lateral rows from (
      jsonb_to_recordset(p.events) as (type text, step_id text, data jsonb)
    ) with ordinality as e (type, step_id, data, place)
    where p.verdict = 'committed'
  ),
  new_steps as (
    insert into steps (workspace_id, run_id, epoch, step_id, key, node_id, op, visit,
      parent_step_id, call_index, status, attempt, seq, started_at, ended_at,
      outcome, deltas, result, error, memo)
    select p.workspace_id, p.run_id, p.epoch, p.step_id, p.key, p.node_id, p.op, p.visit,
      p.parent_step_id, p.call_index, p.status, 0, p.last_seq - p.n + coalesce(p.step_event, p.n),
      to_timestamp(p.started_at / 1000), stamp,
      p.outcome, p.deltas, p.result, p.error, p.memo
    from placed p
    where p.verdict = 'committed'
  ),
  new_snapshots as (
    insert into snapshots (workspace_id, run_id, epoch, key, state)
    select p.workspace_id, p.run_id, p.epoch, p.snapshot_key, p.snapshot
    from placed p where p.verdict = 'committed' and p.snapshot_key is not null
    on conflict do nothing
  ),
  changed_runs as (
    update runs r set
      last_event_seq = c.last_seq,
      last_token_sub = case when c.last_seq > r.last_event_seq then 0 else r.last_token_sub end,
      status = coalesce(c.end_status, case when c.starts then 'running' end, r.status),
      started_at = case when c.starts then stamp else r.started_at end,
      ended_at = case when c.end_status is not null then stamp end,
      output = c.output,
      error = c.end_error
    from (
      select p.workspace_id, p.run_id, max(p.last_seq) as last_seq, bool_or(p.starts) as starts,
        -- A unit that begins or ends its run is the only one of the run in its batch.
        max(p.end_status) as end_status, (array_agg(p.output))[1] as output,
        (array_agg(p.end_error))[1] as end_error
      from placed p where p.verdict = 'committed'
      group by p.workspace_id, p.run_id
    ) c
    where r.workspace_id = c.workspace_id and r.id = c.run_id
  )`;
