import { AppError } from '../../../contracts/app-error.ts';
import type { CrawlDeps } from './crawl-deps.ts';
import type { CrawlRef } from '../../../contracts/crawl-control.ts';
import { guardedGet, type GuardedAnswer } from '../../tools/built-in/http/guarded-get.ts';
import { isAllowed, parseRobots } from './robots.ts';
import { LIMITS } from '../../../contracts/limits.ts';
import { retryAfterOf } from './fetch-page.ts';

const TOO_MANY_REQUESTS = 429;

/**
 * Reads and keeps what the site's robots.txt says to us. Throws `knowledge.source_refused` where it
 * does not let us in, or may not be asked; `tool.failed` where the site does not answer.
 */
export async function readRobots(
  { crawls, http }: CrawlDeps,
  ref: CrawlRef,
  signal: AbortSignal,
): Promise<void> {
  const { url, state } = await crawls.get(ref.workspaceId, ref.crawlId);
  if (state !== 'running') return;
  const robotsUrl = new URL('/robots.txt', url).href;
  const wanted = { url: robotsUrl, accept: 'text/plain, */*;q=0.1', signal };
  const text = await guardedGet({ ...wanted, maxBytes: LIMITS.robotsBytes }, http, readText).catch(
    (error: unknown) => {
      throw toRefusal(error, robotsUrl);
    },
  );
  const robots = parseRobots(text);
  if (!isAllowed(url, robots.rules)) {
    throw new AppError('knowledge.source_refused', `${robotsUrl} disallows the start page ${url}`);
  }
  await crawls.setRobots(ref, robots);
}

/** Without a file everything is allowed; a server that has trouble has not said so. */
async function readText(answer: GuardedAnswer): Promise<string> {
  const { status } = answer;
  if (status >= 200 && status < 300) return (await answer.bytes()).toString('utf8');
  if (status >= 400 && status < 500 && status !== TOO_MANY_REQUESTS) return '';
  const retryAfterMs = Math.min(retryAfterOf(answer) ?? 0, LIMITS.crawlWaitMs);
  const options = retryAfterMs > 0 ? { retryAfterMs } : {};
  throw new AppError('tool.failed', `the server answers with ${status}`, options);
}

function toRefusal(error: unknown, robotsUrl: string): unknown {
  if (!(error instanceof AppError)) return error;
  const code = error.code === 'tool.refused' ? 'knowledge.source_refused' : error.code;
  const { message, retryAfterMs } = error;
  const options = { cause: error, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  return new AppError(code, `${robotsUrl} could not be read: ${message}`, options);
}
