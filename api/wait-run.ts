import type { ServerResponse } from 'node:http';
import { followToEnd } from './follow-to-end.ts';
import { isTerminal } from '../contracts/status.ts';
import { responseStop } from './response-stop.ts';
import type { Reply } from './route.ts';
import type { RunRef } from '../contracts/journal.ts';
import type { Services } from './services.ts';

/**
 * Answers with the run once it has ended. Headers go out at once and a newline every second, which
 * JSON ignores: clients and proxies that expect bytes see some.
 */
export async function waitForRun(
  services: Services,
  ref: RunRef,
  wait: { readonly response: ServerResponse; readonly timeoutMs: number },
): Promise<Reply | null> {
  const { response, timeoutMs } = wait;
  // Followed before it is read: an end in between is not missed.
  using follower = services.runFeeds.follow({ workspaceId: ref.workspaceId, id: ref.runId });
  const now = await services.runs.get(ref.workspaceId, ref.runId);
  if (isTerminal(now.status)) return { status: 200, body: now };
  const signal = responseStop(response, services.closing).signal;
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  const beat = setInterval(() => response.write('\n'), services.timing.waitBeatMs);
  try {
    const followed = { ref, follower, run: now };
    const run = await followToEnd(services, followed, { signal, timeoutMs });
    response.end(JSON.stringify(run));
    return null;
  } finally {
    clearInterval(beat);
  }
}
