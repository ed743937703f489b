import type { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import type { Express, NextFunction, Request, Response } from 'express';
import { AppError } from '../contracts/app-error.ts';
import { answerCors } from './cors.ts';
import { answerFailure, serveRoute } from './serve-route.ts';
import { API_HEADERS } from './security-headers.ts';
import { checkRoutes, ROUTE_TABLE } from './route-table.ts';
import { closingOf } from './closing.ts';
import { createServices, type Services } from './services.ts';
import { problemReply } from './problem-document.ts';
import { requestIdOf } from './request-id.ts';
import { sendReply } from './send.ts';
import { toOpenApi } from './openapi.ts';
import { publicRoute, type Route } from './route.ts';
import type { ApiDeps } from './deps.ts';

/** Version of the API as its description tells it. */
const API_VERSION = '1.0.0';

const REQUEST_ID = 'x-request-id';

/** The HTTP API as an Express app. Throws when a route declares no permission. */
export function createApi(deps: ApiDeps, routes: readonly Route[] = ROUTE_TABLE): Express {
  const app = express();
  const services = createServices(deps, closingOf(app).signal);
  const all = [...routes, openApiRoute(routes)];
  checkRoutes(all);
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('strict routing');
  app.enable('case sensitive routing');
  // Routes parse their queries themselves.
  app.set('query parser', false);
  app.use((request: IncomingMessage, response: ServerResponse, next: NextFunction) => {
    for (const [name, value] of API_HEADERS) response.setHeader(name, value);
    response.setHeader(REQUEST_ID, requestIdOf(request));
    if (!answerCors(deps.corsOrigins, request, response)) next();
  });
  mountRoutes(app, all, services);
  app.use((request: Request, response: Response) => {
    const error = new AppError('route.not_found', 'there is no such route; see /openapi.json');
    sendReply(response, problemReply(error, requestIdSent(response)));
    request.resume();
  });
  // Express knows the handler of errors by its four parameters.
  // eslint-disable-next-line max-params
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    answerFailure(services, { request, response, requestId: requestIdSent(response) }, error);
  });
  return app;
}

function mountRoutes(app: Express, routes: readonly Route[], services: Services): void {
  const paths = [...new Set(routes.map((route) => route.path))];
  for (const path of paths) {
    const mounted = app.route(toExpressPath(path));
    const here = routes.filter((route) => route.path === path);
    for (const route of here) {
      const method = route.method.toLowerCase() as Lowercase<Route['method']>;
      mounted[method](async (request: Request, response: Response) => {
        const params = textParams(request.params);
        const requestId = requestIdSent(response);
        await serveRoute(route, services, { request, response, requestId, params });
      });
    }
    const methods = here.map((route) => route.method);
    const allow = (methods.includes('GET') ? [...methods, 'HEAD'] : methods).join(', ');
    mounted.all((request: Request, response: Response) => {
      const error = new AppError('route.method_not_allowed', `this path takes ${allow}`);
      const reply = problemReply(error, requestIdSent(response));
      sendReply(response, { ...reply, headers: { ...reply.headers, allow } });
      request.resume();
    });
  }
}

function openApiRoute(routes: readonly Route[]): Route {
  const self = publicRoute({
    method: 'GET',
    path: '/openapi.json',
    summary: 'This description',
    answers: { 200: { description: 'an OpenAPI 3.1 document' } },
    handler: async () => ({ status: 200, body: document }),
  });
  const document = toOpenApi([...routes, self], API_VERSION);
  return self;
}

/** `/v1/agents:validate` and `/v1/runs/{run}` as Express writes them. */
function toExpressPath(path: string): string {
  return path.replaceAll(':', '\\:').replaceAll(/\{(\w+)\}/g, ':$1');
}

function textParams(params: Request['params']): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(params).map(([name, text]) => [name, String(text)]));
}

function requestIdSent(response: ServerResponse): string {
  return String(response.getHeader(REQUEST_ID) ?? '');
}
