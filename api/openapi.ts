import { ERRORS, type ErrorCode } from '../contracts/errors.ts';
import { createSchemaCollector, type SchemaCollector } from './openapi-schemas.ts';
import { problemDocumentSchema } from '../contracts/json.schema.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import type { Route } from './route.ts';

const PROBLEM_TYPE = 'application/problem+json';
const OF_ALL: readonly ErrorCode[] = ['internal', 'service.unavailable'];
const OF_GUARDED: readonly ErrorCode[] = ['auth.missing', 'auth.invalid', 'auth.forbidden'];
const OF_BODIES: readonly ErrorCode[] = [
  'request.invalid',
  'request.invalid_json',
  'request.too_deep',
  'request.too_large',
  'request.unsupported_media_type',
  'value.reserved_key',
  'value.not_json',
];
const OF_BYTES: readonly ErrorCode[] = ['request.too_large', 'request.unsupported_media_type'];

/** The OpenAPI 3.1 document of these routes. */
export function toOpenApi(routes: readonly Route[], version: string): JsonObject {
  const schemas = createSchemaCollector();
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = (paths[route.path] ??= {});
    path[route.method.toLowerCase()] = operation(route, schemas);
  }
  schemas.add(problemDocumentSchema);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Holdfast',
      version,
      description:
        'Durable orchestration for AI agents. Failures are problem documents (RFC 9457).',
    },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { apiKey: [] }],
    paths,
    components: {
      schemas: schemas.components,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
      },
    },
  };
}

function operation(route: Route, schemas: SchemaCollector): JsonObject {
  return {
    operationId: operationId(route),
    summary: route.summary,
    tags: [tagOf(route.path)],
    'x-permission': route.permission,
    ...(route.permission === 'public' ? { security: [] } : {}),
    parameters: parameters(route, schemas),
    ...requestBody(route, schemas),
    responses: { ...answers(route, schemas), ...problems(route) },
  };
}

function requestBody(route: Route, schemas: SchemaCollector): JsonObject {
  if (route.takesBytes) {
    return { requestBody: { required: true, content: { 'application/octet-stream': {} } } };
  }
  if (route.body === null) return {};
  const schema = schemas.add(route.body);
  return { requestBody: { required: true, content: { 'application/json': { schema } } } };
}

function operationId({ method, path }: Route): string {
  const words = path.replace('/v1/', '').split(/[^a-zA-Z0-9]+/);
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return method.toLowerCase() + name;
}

function tagOf(path: string): string {
  return /^\/(?:v1\/)?([a-z-]+)/.exec(path)?.[1] ?? 'api';
}

function parameters(route: Route, schemas: SchemaCollector): readonly JsonObject[] {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => ({
    name: match[1] ?? '',
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = (route.query === null ? [] : schemas.fields(route.query)).map((field) => {
    const { description, ...schema } = field.schema;
    return {
      name: field.name,
      in: 'query',
      required: field.required,
      ...(typeof description === 'string' ? { description } : {}),
      schema,
    };
  });
  // `accept` is no parameter in OpenAPI: the content types of the answer say it.
  const inHeaders = Object.entries(route.headers)
    .filter(([name]) => name !== 'accept')
    .map(([name, description]) => ({
      name,
      in: 'header',
      required: false,
      description,
      schema: { type: 'string' },
    }));
  return [...inPath, ...inQuery, ...inHeaders];
}

function answers(route: Route, schemas: SchemaCollector): JsonObject {
  const entries = Object.entries(route.answers).map(([status, answer]) => {
    const { description, schema, contentTypes } = answer;
    if (schema === undefined && contentTypes === undefined) return [status, { description }];
    const content = (contentTypes ?? ['application/json']).map((type) => [
      type,
      { schema: schema !== undefined && type === 'application/json' ? schemas.add(schema) : TEXT },
    ]);
    return [status, { description, content: Object.fromEntries(content) as JsonObject }];
  });
  return Object.fromEntries(entries) as JsonObject;
}

const TEXT: JsonObject = { type: 'string' };

function problems(route: Route): JsonObject {
  const codes = new Set<ErrorCode>([
    ...route.problems,
    ...OF_ALL,
    ...(route.permission === 'public' ? [] : OF_GUARDED),
    ...(route.body === null ? [] : OF_BODIES),
    ...(route.takesBytes ? OF_BYTES : []),
    ...(route.query === null ? [] : (['request.invalid'] as const)),
  ]);
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const schema = { $ref: '#/components/schemas/Problem' };
  const entries = [...byStatus].map(([status, found]) => [
    String(status),
    { description: found.join(', '), content: { [PROBLEM_TYPE]: { schema } } },
  ]);
  return Object.fromEntries(entries) as JsonObject;
}
