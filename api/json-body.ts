import type { IncomingMessage } from 'node:http';
import { AppError } from '../contracts/app-error.ts';
import { BLOB_KEY } from '../contracts/blob.ts';
import { checkJson } from './json-check.ts';
import { locateJsonError } from './json-locate.ts';
import { readBody } from './read-body.ts';
import { scanJson } from './json-scan.ts';
import type { Json } from '../contracts/json.ts';

const CONTENT_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?;?\s*$/i;
const NAMES_OF_INTEREST = [BLOB_KEY, '__proto__', '"constructor"'];

/**
 * The request's JSON body. Refuses by code: other media types, more than `limitBytes` (counted while
 * reading), text that is not UTF-8 or not JSON, deep nesting, and keys, text or numbers that cannot
 * be stored as they are. Where a key occurs twice the last one counts, as in `JSON.parse`.
 */
export async function readJsonBody(request: IncomingMessage, limitBytes: number): Promise<Json> {
  refuseMediaType(request);
  return parseJsonBody(await readBody(request, limitBytes));
}

/** The body as JSON; see `readJsonBody`. */
export function parseJsonBody(bytes: Uint8Array): Json {
  const { suspicious } = scanJson(bytes);
  const text = decode(bytes);
  const value = parse(text);
  if (suspicious || NAMES_OF_INTEREST.some((name) => text.includes(name))) refuseContent(value);
  return value;
}

function refuseContent(value: Json): void {
  const problems = checkJson(value);
  const [first] = problems;
  if (first === undefined) return;
  const code = problems.every((problem) => problem.code === 'value.reserved_key')
    ? 'value.reserved_key'
    : 'value.not_json';
  throw new AppError(code, `the body cannot be taken: at "${first.pointer}" ${first.message}`, {
    problems,
  });
}

function refuseMediaType(request: IncomingMessage): void {
  if (!CONTENT_TYPE.test(request.headers['content-type'] ?? '')) {
    throw new AppError(
      'request.unsupported_media_type',
      'send the body as content-type application/json in UTF-8',
    );
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AppError('request.invalid_json', 'the body is not UTF-8', { cause });
  }
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    const position = locateJsonError(text);
    const what = position >= text.length ? 'ends too early' : 'is not JSON';
    throw new AppError('request.invalid_json', `the body ${what} at position ${position}`, {
      cause,
      problems: [{ pointer: '', code: 'request.invalid_json', message: `position ${position}` }],
    });
  }
}
