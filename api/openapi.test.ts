import { describe, expect, test } from '@jest/globals';
import { isJsonObject, type Json, type JsonObject } from '../contracts/json.ts';
import { checkRoutes, ROUTE_TABLE } from './route-table.ts';
import { publicRoute, type Route } from './route.ts';
import { toOpenApi } from './openapi.ts';

const DOCUMENT = toOpenApi(ROUTE_TABLE, '1.0.0');

function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let here = value;
  for (const key of path) here = isJsonObject(here) ? here[key] : undefined;
  return here;
}

function references(value: Json): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item: Json) => references(item));
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    key === '$ref' && typeof item === 'string' ? [item] : references(item),
  );
}

describe('the OpenAPI document', () => {
  test('resolves every reference', () => {
    const found = new Set(references(DOCUMENT));
    expect(found.size).toBeGreaterThan(15);
    for (const reference of found) {
      const path = reference.replace('#/', '').split('/');
      expect([reference, isJsonObject(at(DOCUMENT, ...path))]).toEqual([reference, true]);
    }
  });

  test.each(ROUTE_TABLE.map((route) => [`${route.method} ${route.path}`, route] as const))(
    'describes %s',
    (_name, route) => {
      const operation = at(DOCUMENT, 'paths', route.path, route.method.toLowerCase());
      expect(at(operation, 'x-permission')).toBe(route.permission);
      expect(at(operation, 'summary')).toBe(route.summary);
      const responses = at(operation, 'responses') as JsonObject;
      expect(Object.keys(responses)).toEqual(
        expect.arrayContaining([...Object.keys(route.answers), '500']),
      );
      const parameters = at(operation, 'parameters') as readonly JsonObject[];
      const inPath = parameters.filter((parameter) => parameter['in'] === 'path');
      expect(inPath.map(({ name }) => `{${typeof name === 'string' ? name : ''}}`)).toEqual(
        route.path.match(/\{\w+\}/g) ?? [],
      );
      expect(isJsonObject(at(operation, 'requestBody'))).toBe(
        route.body !== null || route.takesBytes,
      );
      const refusals = Object.keys(responses).filter((status) => status === '401');
      expect(refusals.length).toBe(route.permission === 'public' ? 0 : 1);
    },
  );

  test('gives every operation an id of its own', () => {
    const ids = Object.values(DOCUMENT['paths'] as JsonObject).flatMap((path) =>
      Object.values(path as JsonObject).map((operation) => at(operation, 'operationId')),
    );
    expect(new Set(ids).size).toBe(ROUTE_TABLE.length);
  });

  test('tells queries as they are meant, with bounds', () => {
    const operation = at(DOCUMENT, 'paths', '/v1/runs', 'get', 'parameters');
    expect(operation).toContainEqual({
      name: 'limit',
      in: 'query',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: 200 },
    });
  });
});

describe('the route table', () => {
  const good = publicRoute({
    method: 'GET',
    path: '/a',
    summary: 'a',
    answers: {},
    handler: async () => ({ status: 204 }),
  });

  test('is refused with a route that declares no permission', () => {
    const { permission: _dropped, ...rest } = good;
    expect(() => {
      checkRoutes([rest as Route]);
    }).toThrow('GET /a declares no permission');
  });

  test('is refused with a permission that does not exist', () => {
    const typo = { ...good, permission: 'runs:reed' } as unknown as Route;
    expect(() => {
      checkRoutes([typo]);
    }).toThrow('declares no permission');
  });

  test('is refused with two routes of one name', () => {
    expect(() => {
      checkRoutes([good, good]);
    }).toThrow('declared twice');
  });
});
