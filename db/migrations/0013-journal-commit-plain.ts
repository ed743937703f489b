import { sql, type Kysely } from 'kysely';

/**
 * `journal_commit_plain(batch)` is `journal_commit` for the most common units: finished steps that
 * were not reserved, used nothing, open no task and carry no snapshot; they may begin or end their
 * run. Starting a large statement costs more than writing a single such step does.
 *
 * One statement locks, judges and numbers: under READ COMMITTED the conditions of an update hold for
 * the newest version of its row. Units of a run that they leave out are missing in the answer and go
 * the other way. A step that exists already raises a unique violation, and the whole batch does.
 *
 * Left with bitmaps alone, which need a condition on their index, the planner must look up each run by
 * its key: by its statistics it would read all runs through the index while they are few, and keep to
 * that plan.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `create function journal_commit_plain(batch jsonb)
      returns table (i int, last_seq int)
      language plpgsql
      set jit = off
      set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off
      as $$
      #variable_conflict use_column
      begin
        return query with ${CHANGED_RUNS}, ${PLACED}, ${WRITES}
        select p.i, p.last_seq from placed p;
      end
      $$`,
    )
    .execute(db);
}

/**
 * Runs come sorted, which is the order in which every batch locks them. Steps and pieces of text are
 * read as they stood before the lock was waited for: a run with text must not have moved since then.
 */
const CHANGED_RUNS = `
  changed_runs as (
    update runs r set
      last_event_seq = r.last_event_seq + c.n,
      last_token_sub = case when c.n > 0 then 0 else r.last_token_sub end,
      status = coalesce(c.end_status, case when c.starts then 'running' end, r.status),
      started_at = case when c.starts then clock_timestamp() else r.started_at end,
      ended_at = case when c.end_status is not null then clock_timestamp() end,
      output = c.output,
      error = c.end_error
    from jsonb_to_recordset(batch) as c (
      workspace_id text, run_id text, epoch int, n int, starts boolean,
      end_status text, output jsonb, end_error jsonb, units jsonb
    )
    where r.workspace_id = c.workspace_id and r.id = c.run_id and r.epoch = c.epoch
      and r.status not in ('succeeded', 'failed', 'cancelled') and r.open_human_tasks = 0
      and (c.starts is not true or r.status = 'queued')
      and (c.end_status is null or (
        not exists (
          select from event_tokens t where t.workspace_id = r.workspace_id and t.run_id = r.id
        )
        and exists (
          select from runs o where o.workspace_id = r.workspace_id and o.id = r.id
            and o.last_event_seq = r.last_event_seq and o.last_token_sub = r.last_token_sub
        )
      ))
    returning c.units, r.workspace_id, r.id, r.epoch, r.last_event_seq,
      coalesce(r.ended_at, case when c.starts then r.started_at end, clock_timestamp()) as stamp
  )`;

/** `behind` is how many entries the later units of the same run add. */
const PLACED = `
  placed as materialized (
    select u.*, r.workspace_id, r.id as run_id, r.epoch, r.stamp,
      r.last_event_seq - u.behind as last_seq
    from changed_runs r cross join lateral jsonb_to_recordset(r.units) as u (
      i int, n int, behind int, events jsonb,
      step_id text, node_id text, op text, visit int, key text, parent_step_id text,
      call_index int, status text, started_at double precision, step_event int,
      outcome jsonb, deltas jsonb, result jsonb, error jsonb, memo jsonb
    )
  )`;

const WRITES = `
  new_events as (
    insert into events (workspace_id, run_id, seq, type, step_id, at, data)
    select p.workspace_id, p.run_id, p.last_seq - p.n + e.place, e.type, e.step_id, p.stamp, e.data
    from placed p cross join lateral rows from (
      jsonb_to_recordset(p.events) as (type text, step_id text, data jsonb)
    ) with ordinality as e (type, step_id, data, place)
  ),
  new_steps as (
    insert into steps (workspace_id, run_id, epoch, step_id, key, node_id, op, visit,
      parent_step_id, call_index, status, attempt, seq, started_at, ended_at,
      outcome, deltas, result, error, memo)
    select p.workspace_id, p.run_id, p.epoch, p.step_id, p.key, p.node_id, p.op, p.visit,
      p.parent_step_id, p.call_index, p.status, 0, p.last_seq - p.n + coalesce(p.step_event, p.n),
      to_timestamp(p.started_at / 1000), p.stamp,
      p.outcome, p.deltas, p.result, p.error, p.memo
    from placed p
  )`;
