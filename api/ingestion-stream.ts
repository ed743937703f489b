import { streamEvents, type StreamBatch, type StreamRequest } from './event-stream.ts';
import type { FeedRef } from './event-feed.ts';
import { frameOf } from './sse-frame.ts';
import type { IngestionEvent } from '../contracts/ingestion-event.ts';
import type { IngestionEvents } from '../db/knowledge/ingestion-events.ts';
import type { Services } from './services.ts';
import type { StreamPosition } from '../db/stores/run-store.ts';
import { toAppError } from './problem-document.ts';

/** Streams the ingestion's events behind a place; ends with the ingestion, or when it is deleted. */
export async function streamIngestion(
  services: Services,
  ref: FeedRef,
  stream: StreamRequest,
): Promise<null> {
  using follower = services.ingestionFeeds.follow(ref);
  const source = {
    follower,
    read: (after: StreamPosition, limit: number) =>
      follower.read(after, limit).then(toBatch, endIfDeleted),
    frame: (event: IngestionEvent) => frameOf(String(event.seq), event),
    position: ({ seq }: IngestionEvent) => ({ seq, sub: 0 }),
  };
  return await streamEvents(services, source, stream);
}

function toBatch({ items, end }: IngestionEvents): StreamBatch<IngestionEvent> {
  return { events: items, end: end === null ? null : { state: end } };
}

/** Its events went with it: no other one would end the stream. */
function endIfDeleted(error: unknown): StreamBatch<IngestionEvent> {
  if (toAppError(error).code !== 'knowledge.ingestion_not_found') throw error;
  return { events: [], end: { state: 'deleted' } };
}
