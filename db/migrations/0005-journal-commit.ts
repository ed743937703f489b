import { sql, type Kysely } from 'kysely';

/**
 * `journal_commit(batch)` writes units of many runs in one round trip and one transaction, and
 * answers for each what became of it. It is a function because it must read with a snapshot taken
 * after its locks: one plain statement would judge steps by what stood before them.
 *
 * Plans are fixed to index lookups: the batch is small, and a plan made while the tables were empty
 * would go on to read them whole.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql
    .raw(
      `create function journal_commit(batch jsonb)
      returns table (i int, verdict text, last_seq int, found jsonb)
      language plpgsql
      set jit = off set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
      as $$
      #variable_conflict use_column
      declare
        stamp timestamptz;
      begin
        -- Whoever writes a run's journal holds this lock; the order keeps batches from deadlocks.
        perform from runs r
        where (r.workspace_id, r.id) in (
          select u ->> 'workspace_id', u ->> 'run_id' from jsonb_array_elements(batch) u
        )
        order by r.workspace_id, r.id
        for no key update;
        stamp := clock_timestamp();
        return query with ${UNITS}, ${JUDGED}, ${READY}, ${PLACED}, ${WRITES}
        select p.i, p.verdict, p.last_seq, case when p.verdict = 'finished' then p.found end
        from placed p;
      end
      $$`,
    )
    .execute(db);
}

const UNITS = `
  unit as (
    select * from jsonb_to_recordset(batch) as u (
      i int, workspace_id text, run_id text, epoch int, starts boolean, events jsonb,
      step_id text, node_id text, op text, visit int, key text, parent_step_id text,
      call_index int, status text, attempt int, started_at double precision, step_event int,
      outcome jsonb, deltas jsonb, result jsonb, error jsonb, usage jsonb, memo jsonb,
      model_calls int, tool_calls int, input_tokens bigint, output_tokens bigint,
      tasks jsonb, snapshot_key text, snapshot jsonb,
      end_status text, output jsonb, end_error jsonb, messages jsonb
    )
  )`;

/** What is to become of each unit. Only \`committed\` ones are written. */
const JUDGED = `
  judged as materialized (
    select u.*, r.thread_id, r.last_event_seq,
      s.step_id is not null as is_known,
      s.outcome as found,
      coalesce(u.starts and r.status <> 'queued', false) as starts_again,
      coalesce(s.status = 'waiting' and u.status <> 'waiting', false) as stops_waiting,
      case
        when r.id is null then 'unknown_run'
        when r.status in ('succeeded', 'failed', 'cancelled') then 'run_ended'
        when u.epoch <> r.epoch then 'superseded'
        when u.step_id is null then 'committed'
        when s.step_id is null then case u.attempt when 0 then 'committed' else 'superseded' end
        when s.status in ('done', 'failed', 'cancelled') then 'finished'
        when s.attempt <> u.attempt then 'superseded'
        when s.status = 'waiting' and u.status = 'waiting' and exists (
          select from human_tasks h
          where h.workspace_id = u.workspace_id and h.id = s.outcome ->> 'taskId'
            and h.status = 'open'
        ) then 'finished'
        else 'committed'
      end as verdict
    from unit u
    left join runs r on r.workspace_id = u.workspace_id and r.id = u.run_id
    left join steps s on s.workspace_id = u.workspace_id and s.run_id = u.run_id
      and s.epoch = u.epoch and s.step_id = u.step_id
  )`;

/** Human tasks that nobody is to answer any more, as a condition on \`h\` and a unit. */
const orphanedBy = (unit: string): string => `
  h.workspace_id = ${unit}.workspace_id and h.run_id = ${unit}.run_id and h.status = 'open'
  and (${unit}.end_status is not null
    or (${unit}.stops_waiting and h.epoch = ${unit}.epoch and h.step_id = ${unit}.step_id))`;

/**
 * Entries as they are written: a run starts once, and tasks are cancelled before the unit's last
 * entry, because nothing may follow the end of a run.
 */
const READY = `
  ready as materialized (
    select j.*, case
        when j.verdict <> 'committed' then '[]'::jsonb
        when not (j.starts_again or j.stops_waiting or j.end_status is not null) then j.events
        else (
          select coalesce(jsonb_agg(e.entry order by e.place), '[]') from (
            select g.entry, g.place * 2 as place
            from jsonb_array_elements(j.events) with ordinality as g (entry, place)
            where not (j.starts_again and g.entry ->> 'type' = 'run.started')
            union all
            select jsonb_build_object('type', 'human_task.cancelled', 'step_id', h.step_id,
                'data', jsonb_build_object('taskId', h.id)),
              jsonb_array_length(j.events) * 2 - 1
            from human_tasks h
            where ${orphanedBy('j')}
          ) e
        )
      end as entries
    from judged j
  )`;

const PLACED = `
  placed as materialized (
    select r.*, jsonb_array_length(r.entries) as n,
      (r.last_event_seq + sum(jsonb_array_length(r.entries))
        over (partition by r.workspace_id, r.run_id order by r.i))::int as last_seq,
      case when r.entries = r.events then r.step_event else (
        select max(e.place)::int
        from jsonb_array_elements(r.entries) with ordinality as e (entry, place)
        where e.entry ->> 'step_id' = r.step_id and e.entry ->> 'type' like 'step.%'
      ) end as step_place
    from ready r
  )`;

const WRITES = `
  new_events as (
    insert into events (workspace_id, run_id, seq, type, step_id, at, data)
    select p.workspace_id, p.run_id, p.last_seq - p.n + e.place, e.type, e.step_id, stamp, e.data
    from placed p cross join lateral rows from (
      jsonb_to_recordset(p.entries) as (type text, step_id text, data jsonb)
    ) with ordinality as e (type, step_id, data, place)
  ),
  new_steps as (
    insert into steps (workspace_id, run_id, epoch, step_id, key, node_id, op, visit,
      parent_step_id, call_index, status, attempt, seq, started_at, ended_at,
      outcome, deltas, result, error, usage, memo)
    select p.workspace_id, p.run_id, p.epoch, p.step_id, p.key, p.node_id, p.op, p.visit,
      p.parent_step_id, p.call_index, p.status, p.attempt,
      case when p.status <> 'waiting' then p.last_seq - p.n + coalesce(p.step_place, p.n) end,
      to_timestamp(p.started_at / 1000), case when p.status <> 'waiting' then stamp end,
      p.outcome, p.deltas, p.result, p.error, p.usage, p.memo
    from placed p
    where p.verdict = 'committed' and p.step_id is not null and not p.is_known
  ),
  old_steps as (
    update steps s set status = p.status, outcome = p.outcome, deltas = p.deltas,
      result = p.result, error = p.error, memo = p.memo,
      seq = case when p.status <> 'waiting' then p.last_seq - p.n + coalesce(p.step_place, p.n) end,
      ended_at = case when p.status <> 'waiting' then stamp end,
      usage = case when s.usage is null or p.usage is null then coalesce(p.usage, s.usage) else (
        select jsonb_object_agg(a.name, a.value::bigint + (p.usage ->> a.name)::bigint)
        from jsonb_each_text(s.usage) as a (name, value)
      ) end
    from placed p
    where p.verdict = 'committed' and p.is_known
      and s.workspace_id = p.workspace_id and s.run_id = p.run_id
      and s.epoch = p.epoch and s.step_id = p.step_id
  ),
  new_snapshots as (
    insert into snapshots (workspace_id, run_id, epoch, key, state)
    select p.workspace_id, p.run_id, p.epoch, p.snapshot_key, p.snapshot
    from placed p where p.verdict = 'committed' and p.snapshot_key is not null
    on conflict do nothing
  ),
  pruned as (
    delete from event_tokens t using placed p
    where p.verdict = 'committed'
      and (p.end_status is not null or (p.attempt > 0 and p.status <> 'waiting'))
      and t.workspace_id = p.workspace_id and t.run_id = p.run_id
      and (p.end_status is not null or t.step_id = p.step_id)
  ),
  new_tasks as (
    insert into human_tasks (workspace_id, id, run_id, epoch, step_id, kind, status, title,
      description, subject, form, allowed, assignees, deadline_at, created_at)
    select p.workspace_id, t.id, p.run_id, p.epoch, p.step_id, t.kind, 'open', t.title,
      t.description, coalesce(t.subject, 'null'), t.form, t.allowed, t.assignees,
      to_timestamp(t.deadline_at / 1000), stamp
    from placed p cross join lateral jsonb_to_recordset(p.tasks) as t (
      id text, kind text, title text, description text, subject jsonb, form jsonb, allowed jsonb,
      assignees jsonb, deadline_at double precision
    )
    where p.verdict = 'committed'
  ),
  orphans as (
    update human_tasks h set status = 'cancelled', settled_at = stamp
    from placed p
    where p.verdict = 'committed' and (p.end_status is not null or p.stops_waiting)
      and ${orphanedBy('p')}
    returning h.workspace_id, h.run_id
  ),
  grown_threads as (
    update threads t set last_position = t.last_position + jsonb_array_length(p.messages)
    from placed p
    where p.verdict = 'committed' and p.messages is not null
      and t.workspace_id = p.workspace_id and t.id = p.thread_id
    returning p.i, t.last_position - jsonb_array_length(p.messages) as before
  ),
  new_messages as (
    insert into messages (workspace_id, thread_id, position, id, run_id, message, created_at)
    select p.workspace_id, p.thread_id, g.before + m.place, m.id, p.run_id, m.message, stamp
    from grown_threads g join placed p on p.i = g.i cross join lateral rows from (
      jsonb_to_recordset(p.messages) as (id text, message jsonb)
    ) with ordinality as m (id, message, place)
  ),
  change as (
    select p.workspace_id, p.run_id, max(p.last_seq) as last_seq, sum(p.n) as n,
      bool_or(p.starts) as starts, sum(coalesce(jsonb_array_length(p.tasks), 0)) as opened,
      sum(p.model_calls) as model_calls, sum(p.tool_calls) as tool_calls,
      sum(p.input_tokens) as input_tokens, sum(p.output_tokens) as output_tokens,
      -- A unit that ends its run is the only one of the run in its batch.
      max(p.end_status) as end_status, (array_agg(p.output))[1] as output,
      (array_agg(p.end_error))[1] as end_error
    from placed p where p.verdict = 'committed'
    group by p.workspace_id, p.run_id
  ),
  total as (
    select c.*, (
      select r.open_human_tasks + c.opened - count(*) from orphans o
      where o.workspace_id = c.workspace_id and o.run_id = c.run_id
    ) as open_tasks
    from change c join runs r on r.workspace_id = c.workspace_id and r.id = c.run_id
  ),
  changed_runs as (
    update runs r set
      last_event_seq = t.last_seq,
      last_token_sub = case when t.n > 0 then 0 else r.last_token_sub end,
      open_human_tasks = t.open_tasks,
      model_calls = r.model_calls + coalesce(t.model_calls, 0),
      tool_calls = r.tool_calls + coalesce(t.tool_calls, 0),
      input_tokens = r.input_tokens + coalesce(t.input_tokens, 0),
      output_tokens = r.output_tokens + coalesce(t.output_tokens, 0),
      status = case
        when t.end_status is not null then t.end_status
        when t.open_tasks > 0 then 'waiting'
        when r.status = 'queued' and t.starts is not true then 'queued'
        else 'running'
      end,
      started_at = case when t.starts then coalesce(r.started_at, stamp) else r.started_at end,
      ended_at = case when t.end_status is not null then stamp end,
      output = t.output,
      error = t.end_error
    from total t
    where r.workspace_id = t.workspace_id and r.id = t.run_id
  )`;
