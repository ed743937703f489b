import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '../contracts/app-error.ts';
import { allows } from './permissions.ts';
import { ERRORS } from '../contracts/errors.ts';
import { parseQuery } from './query-parser.ts';
import { problemReply, toAppError } from './problem-document.ts';
import { readJsonBody } from './json-body.ts';
import { sendReply } from './send.ts';
import type { Principal } from '../contracts/records.ts';
import type { Route } from './route.ts';
import type { Services } from './services.ts';

const SERVER_ERROR = 500;

/** A request that the router has matched to a route. */
export interface Matched {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  /** Decoded. */
  readonly params: Readonly<Record<string, string>>;
}

/** Checks the caller, reads the body, runs the handler and answers. Never throws. */
export async function serveRoute(route: Route, services: Services, matched: Matched) {
  const { request, response, requestId, params } = matched;
  try {
    const principal = await admit(route, services, request);
    const query = parseQuery(queryText(request.url ?? ''));
    const body = route.body === null ? null : await readJsonBody(request, route.bodyBytes);
    const reply = await route.handle(
      { params, query, body, principal, requestId, request, response },
      services,
    );
    if (reply !== null) sendReply(response, reply);
  } catch (error) {
    answerFailure(services, matched, error);
  }
}

/** Answers with the problem; failures that nobody foresaw are logged with the request's id. */
export function answerFailure(
  services: Pick<Services, 'log'>,
  to: Pick<Matched, 'request' | 'response' | 'requestId'>,
  error: unknown,
): void {
  const { request, response, requestId } = to;
  const failure = toAppError(error);
  const facts = { requestId, method: request.method, code: failure.code };
  if (ERRORS[failure.code].status >= SERVER_ERROR) {
    services.log.error({ ...facts, err: failure.cause ?? failure }, 'the request failed');
  } else services.log.debug(facts, 'the request was refused');
  // Half an answer must not look like a whole one.
  if (response.headersSent) response.destroy();
  else sendReply(response, problemReply(failure, requestId));
  discardBody(request);
}

async function admit(
  route: Route,
  services: Services,
  request: IncomingMessage,
): Promise<Principal | null> {
  if (route.permission === 'public') return null;
  const principal = await services.authenticator.authenticate(request.headers);
  if (allows(principal.role, route.permission)) return principal;
  throw new AppError(
    'auth.forbidden',
    `this needs ${route.permission}, which the key's role ${principal.role} does not have`,
  );
}

function queryText(url: string): string {
  const at = url.indexOf('?');
  return at === -1 ? '' : url.slice(at + 1);
}

/** What is left of a refused body is read and dropped: cutting it off would lose the answer. */
function discardBody(request: IncomingMessage): void {
  if (!request.complete) request.resume();
}
