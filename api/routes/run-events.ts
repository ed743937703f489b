import { eventPageSchema, eventsQuerySchema } from '../../contracts/event.schema.ts';
import { isTerminal } from '../../contracts/status.ts';
import { parseEventCursor, refuseBeyond } from '../event-cursor.ts';
import { lastEventId, wantsStream } from '../stream-headers.ts';
import { route, type Reply } from '../route.ts';
import { streamRun } from '../run-stream.ts';
import type { Run } from '../../contracts/records.ts';
import type { Services } from '../services.ts';

const DEFAULT_LIMIT = 200;

const runEvents = route({
  method: 'GET',
  path: '/v1/runs/{run}/events',
  permission: 'runs:read',
  summary: 'Read or stream the events of a run',
  query: eventsQuerySchema,
  headers: {
    accept: '`text/event-stream` streams; each event comes once, in order, then `end`',
    'last-event-id': 'id of the last event seen, `12` or `12.3`; exclusive; beats `after`',
  },
  answers: {
    200: {
      description: 'a page of events, or the stream',
      schema: eventPageSchema,
      contentTypes: ['application/json', 'text/event-stream'],
    },
  },
  problems: ['run.not_found', 'events.bad_cursor', 'events.cursor_out_of_range'],
  handler: async ({ params, query, workspaceId, request, response }, services) => {
    const streams = wantsStream(request);
    const after = parseEventCursor((streams ? lastEventId(request) : undefined) ?? query.after);
    const run = await services.runs.get(workspaceId, params.run);
    refuseBeyond(after, run.lastEventSeq);
    if (streams) return streamRun(services, run, { after, request, response });
    return eventPage(services, run, { after: after.seq, limit: query.limit ?? DEFAULT_LIMIT });
  },
});

/** Routes of a run's events. */
export const RUN_EVENT_ROUTES = [runEvents];

async function eventPage(
  services: Services,
  run: Run,
  range: { readonly after: number; readonly limit: number },
): Promise<Reply> {
  const { after, limit } = range;
  const items = await services.runs.events(run.workspaceId, run.id, { afterSeq: after, limit });
  const nextAfter = items.at(-1)?.seq ?? after;
  const ended = isTerminal(run.status) && nextAfter >= run.lastEventSeq;
  return { status: 200, body: { items, nextAfter, ended } };
}
