import { eventId, type StreamEvent } from '../contracts/event.ts';
import { streamEvents, type StreamBatch, type StreamRequest } from './event-stream.ts';
import { frameOf } from './sse-frame.ts';
import { isTerminal, type RunStatus } from '../contracts/status.ts';
import type { Run } from '../contracts/records.ts';
import type { Services } from './services.ts';
import type { StreamPosition } from '../db/stores/run-store.ts';

const ENDS: Readonly<Partial<Record<StreamEvent['type'], RunStatus>>> = {
  'run.succeeded': 'succeeded',
  'run.failed': 'failed',
  'run.cancelled': 'cancelled',
};

/** Streams the run's events behind a place; ends with the run. */
export async function streamRun(
  services: Services,
  run: Run,
  stream: StreamRequest,
): Promise<null> {
  using follower = services.runFeeds.follow({ workspaceId: run.workspaceId, id: run.id });
  const source = {
    follower,
    read: async (after: StreamPosition, limit: number) =>
      endsAt(run, after)
        ? { events: [], end: { status: run.status } }
        : upToEnd(await follower.read(after, limit)),
    frame: (event: StreamEvent) => frameOf(eventId(event), event),
    position: (event: StreamEvent) => ({
      seq: event.seq,
      sub: event.type === 'token' ? event.sub : 0,
    }),
  };
  return await streamEvents(services, source, stream);
}

/** Such a run adds nothing behind its last event, so no event would end the stream. */
function endsAt(run: Run, after: StreamPosition): boolean {
  return isTerminal(run.status) && after.seq >= run.lastEventSeq;
}

function upToEnd(events: readonly StreamEvent[]): StreamBatch<StreamEvent> {
  for (const [index, { type }] of events.entries()) {
    const status = ENDS[type];
    if (status !== undefined) return { events: events.slice(0, index + 1), end: { status } };
  }
  return { events, end: null };
}
