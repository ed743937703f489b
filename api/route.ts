import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { LIMITS } from '../contracts/limits.ts';
import { parseWith } from './parse.ts';
import type { ErrorCode } from '../contracts/errors.ts';
import type { Json } from '../contracts/json.ts';
import type { Permission } from './permissions.ts';
import type { Principal } from '../contracts/records.ts';
import type { Services } from './services.ts';

/** HTTP methods that routes use. */
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Names in braces of a path, as fields. */
export type PathParams<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Readonly<Record<Name, string>> & PathParams<Rest>
  : unknown;

/** An answer of a route, for its description. */
export interface Answer {
  readonly description: string;
  /** Absent: no body, or one that is not JSON. */
  readonly schema?: z.ZodType;
  /** `application/json` by default. */
  readonly contentTypes?: readonly string[];
}

/** What a handler answers; it is sent as JSON. Without a body nothing is sent but the status. */
export interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the pipeline hands to a route. */
export interface RawRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** The JSON body of routes that declare one. */
  readonly body: Json;
  readonly principal: Principal | null;
  readonly requestId: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** What a handler works with. */
export interface Context<Path extends string, Query, Body> {
  readonly params: PathParams<Path>;
  readonly query: Query;
  readonly body: Body;
  readonly principal: Principal;
  readonly workspaceId: string;
  readonly requestId: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** What every route says of itself. */
export interface RouteFacts {
  readonly method: Method;
  /** `/v1/agents/{agent}`. */
  readonly path: string;
  readonly permission: Permission | 'public';
  readonly summary: string;
  readonly query: z.ZodType | null;
  readonly body: z.ZodType | null;
  readonly bodyBytes: number;
  /** The body is bytes of any kind, which the handler reads by itself. */
  readonly takesBytes: boolean;
  /** Request headers that the route reads, with a sentence each. */
  readonly headers: Readonly<Record<string, string>>;
  /** Answers by status, without the problems. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Codes of its own; those of every route are known. */
  readonly problems: readonly ErrorCode[];
}

/** A route as the pipeline runs it. A null reply: the handler has written the response itself. */
export interface Route extends RouteFacts {
  handle(raw: RawRequest, services: Services): Promise<Reply | null>;
}

type Optional = 'query' | 'body' | 'bodyBytes' | 'takesBytes' | 'headers' | 'problems';

interface RouteSpec<Path extends string, Query extends z.ZodType, Body extends z.ZodType>
  extends
    Omit<RouteFacts, Optional>,
    Partial<Pick<RouteFacts, 'bodyBytes' | 'takesBytes' | 'headers' | 'problems'>> {
  readonly path: Path;
  readonly query?: Query;
  readonly body?: Body;
  readonly permission: Permission;
  readonly handler: (
    context: Context<Path, z.output<Query>, z.output<Body>>,
    services: Services,
  ) => Promise<Reply | null>;
}

/** A route for callers with a key. Query and body are parsed before the handler sees them. */
export function route<
  const Path extends string,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
>(spec: RouteSpec<Path, Query, Body>): Route {
  const { handler, ...facts } = spec;
  return {
    ...withDefaults(facts),
    handle: (raw, services) => {
      if (raw.principal === null) throw new Error(`${spec.path} is served without a principal`);
      return handler(
        {
          // The router has matched the path, so each name has its text.
          params: raw.params as PathParams<Path>,
          query: parseWith(spec.query, raw.query, '/query'),
          body: parseWith(spec.body, raw.body, ''),
          principal: raw.principal,
          workspaceId: raw.principal.workspaceId,
          requestId: raw.requestId,
          request: raw.request,
          response: raw.response,
        },
        services,
      );
    },
  };
}

interface PublicRouteSpec extends Omit<RouteFacts, Optional | 'permission'> {
  readonly handler: (raw: RawRequest, services: Services) => Promise<Reply | null>;
}

/** A route that anybody may call; it takes neither query nor body. */
export function publicRoute(spec: PublicRouteSpec): Route {
  const { handler, ...facts } = spec;
  return { ...withDefaults({ ...facts, permission: 'public' }), handle: handler };
}

function withDefaults(facts: Omit<RouteFacts, Optional> & Partial<RouteFacts>): RouteFacts {
  return {
    query: null,
    body: null,
    bodyBytes: LIMITS.smallBodyBytes,
    takesBytes: false,
    headers: {},
    problems: [],
    ...facts,
  };
}
