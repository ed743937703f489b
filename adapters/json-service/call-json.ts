import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../../contracts/app-error.ts';
import { ERRORS } from '../../contracts/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../../contracts/json.ts';
import { createTextScrubber } from '../models/scrub.ts';
import { toModelError } from '../models/vendor-errors.ts';
import { readAnswer } from './read-answer.ts';
import type { CallPolicy, JsonCall, JsonService } from './service.ts';

/**
 * Posts JSON and gives the answer's JSON. Tries again, after the wait that the service asks for or a
 * growing one, what a second attempt may mend. Throws `AppError` with a `model.*` code and neither keys
 * nor texts in its message; an abort rejects with the signal's reason.
 */
export async function callJson(service: JsonService, call: JsonCall): Promise<Json> {
  const { policy } = service;
  for (let attempt = 1; ; attempt += 1) {
    call.signal?.throwIfAborted();
    try {
      return await attemptJson(service, call);
    } catch (error) {
      call.signal?.throwIfAborted();
      const wait = error instanceof AppError ? pauseAfter(error, attempt, policy) : null;
      if (wait === null || attempt >= policy.attempts) throw error;
      await pauseFor(wait, call.signal);
    }
  }
}

/** How long to wait before the next attempt; null when there should be none. */
function pauseAfter(error: AppError, attempt: number, policy: CallPolicy): number | null {
  if (!ERRORS[error.code].retryable) return null;
  const grown = policy.firstPauseMs * 2 ** (attempt - 1);
  // Scattered, because callers that were refused together would come back together.
  const wait = error.retryAfterMs ?? grown * (0.5 + Math.random() / 2);
  return wait > policy.longestPauseMs ? null : wait;
}

async function pauseFor(ms: number, signal: AbortSignal | null): Promise<void> {
  try {
    await pause(ms, undefined, signal === null ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

async function attemptJson(service: JsonService, call: JsonCall): Promise<Json> {
  const { name, policy } = service;
  const deadline = AbortSignal.timeout(policy.timeoutMs);
  try {
    const response = await fetch(service.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...service.headers,
      },
      body: JSON.stringify(call.body),
      // A redirect would take the key to an address that nobody named.
      redirect: 'manual',
      signal: call.signal === null ? deadline : AbortSignal.any([call.signal, deadline]),
    });
    const text = await readAnswer(response, policy.answerBytes);
    if (!response.ok) throw refusal(response, text ?? '');
    if (text === null) {
      const much = `more than ${policy.answerBytes} bytes`;
      throw new AppError('model.invalid_output', `${name} answered with ${much}`);
    }
    return parse(text) ?? notJson(service);
  } catch (error) {
    if (error instanceof AppError) throw error;
    call.signal?.throwIfAborted();
    if (deadline.aborted) {
      throw new AppError('model.silent', `${name} did not answer within ${policy.timeoutMs} ms`);
    }
    throw toModelError(error, {
      ...{ vendor: name, remedy: service.remedy, streaming: false, now: Date.now() },
      scrub: createTextScrubber(service.secrets, call.texts),
    });
  }
}

function notJson({ name }: JsonService): never {
  throw new AppError('model.invalid_output', `${name} did not answer with JSON; check its address`);
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** A refusal in the shape in which vendors' libraries throw theirs. */
function refusal({ status, headers }: Response, text: string): Error {
  const body = parse(text);
  const error = isJsonObject(body) ? { error: statedError(body) } : {};
  return Object.assign(new Error('refused'), { status, headers, ...error });
}

/** `{error: {message}}`, `{error: "…"}`, `{message}` or `{detail}`, whoever answers. */
function statedError({ error, message, detail }: JsonObject): Json {
  return error ?? { message: message ?? detail ?? '' };
}
