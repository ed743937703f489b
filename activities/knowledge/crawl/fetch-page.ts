import {
  guardedGet,
  type GuardedAnswer,
  type GuardedGetConfig,
} from '../../tools/built-in/http/guarded-get.ts';
import { LIMITS } from '../../../contracts/limits.ts';

/** What an address answered with. */
export type FetchedPage =
  | {
      readonly kind: 'page';
      readonly mediaType: string;
      readonly bytes: Buffer;
      /** What the server says to robots beside the page. */
      readonly robots: string;
    }
  | { readonly kind: 'redirect'; readonly location: string }
  /** Its type is none that is read; nor was it. */
  | { readonly kind: 'unread'; readonly mediaType: string }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterMs: number | null };

/** A page that is asked for. */
export interface PageRequest {
  readonly url: string;
  readonly signal: AbortSignal;
  /** Whether a page of this media type is to be read. */
  readonly reads: (mediaType: string) => boolean;
}

const OK = 200;
const MEDIA_TYPE_CHARS = 200;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Asks for one page of the public web or of an exempt service; where it is redirected to is told, not
 * asked. Throws `tool.refused` for what may not be asked or is too large, `tool.failed` for what may
 * be tried again.
 */
export async function fetchPage(
  { url, signal, reads }: PageRequest,
  config: GuardedGetConfig,
): Promise<FetchedPage> {
  const maxBytes = LIMITS.documentBytes;
  const wanted = { url, accept: '*/*', maxBytes, signal, redirects: 'tell' } as const;
  return guardedGet(wanted, config, (answer) => readPage(answer, reads));
}

async function readPage(
  answer: GuardedAnswer,
  reads: (mediaType: string) => boolean,
): Promise<FetchedPage> {
  const { status } = answer;
  const location = answer.header('location');
  if (REDIRECTS.has(status) && location !== '') return { kind: 'redirect', location };
  if (status !== OK) return { kind: 'status', status, retryAfterMs: retryAfterOf(answer) };
  const mediaType = answer.contentType.slice(0, MEDIA_TYPE_CHARS) || 'application/octet-stream';
  if (!reads(mediaType)) return { kind: 'unread', mediaType };
  const robots = answer.header('x-robots-tag');
  return { kind: 'page', mediaType, bytes: await answer.bytes(), robots };
}

/** How long the server asks to be left alone, in seconds or until a time; null where it does not. */
export function retryAfterOf({ header }: Pick<GuardedAnswer, 'header'>): number | null {
  const text = header('retry-after').trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}
