import {
  ingestionEventPageSchema,
  ingestionEventsQuerySchema,
} from '../../contracts/ingestion-event.schema.ts';
import { lastEventId, wantsStream } from '../stream-headers.ts';
import { parseNumberCursor, refuseBeyond } from '../event-cursor.ts';
import { route, type Reply } from '../route.ts';
import type { FeedRef } from '../event-feed.ts';
import type { IngestionEventRange } from '../../db/knowledge/ingestion-events.ts';
import type { Services } from '../services.ts';
import { streamIngestion } from '../ingestion-stream.ts';
import { visibleIngestion } from '../memory-access.ts';

const DEFAULT_LIMIT = 200;

const ingestionEvents = route({
  method: 'GET',
  path: '/v1/ingestions/{ingestion}/events',
  permission: 'knowledge:read',
  summary: 'Read or stream the events of an ingestion',
  query: ingestionEventsQuerySchema,
  headers: {
    accept: '`text/event-stream` streams; each event comes once, in order, then `end`',
    'last-event-id': 'id of the last event seen, such as `12`; exclusive; beats `after`',
  },
  answers: {
    200: {
      description: 'a page of events, or the stream',
      schema: ingestionEventPageSchema,
      contentTypes: ['application/json', 'text/event-stream'],
    },
  },
  problems: ['knowledge.ingestion_not_found', 'events.bad_cursor', 'events.cursor_out_of_range'],
  handler: async ({ params, query, workspaceId, request, response }, services) => {
    const { userId, limit = DEFAULT_LIMIT } = query;
    const streams = wantsStream(request);
    const after = parseNumberCursor((streams ? lastEventId(request) : undefined) ?? query.after);
    const ref = { workspaceId, id: params.ingestion };
    const { lastEventSeq } = await visibleIngestion(services, { ...ref, userId });
    refuseBeyond(after, lastEventSeq);
    if (streams) return streamIngestion(services, ref, { after, request, response });
    return eventPage(services, ref, { afterSeq: after.seq, limit });
  },
});

/** Routes of an ingestion's events. */
export const INGESTION_EVENT_ROUTES = [ingestionEvents];

async function eventPage(
  { knowledge }: Pick<Services, 'knowledge'>,
  { workspaceId, id }: FeedRef,
  range: IngestionEventRange,
): Promise<Reply> {
  const { items, end } = await knowledge.ingestionEvents(workspaceId, id, range);
  const nextAfter = items.at(-1)?.seq ?? range.afterSeq;
  return { status: 200, body: { items, nextAfter, ended: end !== null } };
}
