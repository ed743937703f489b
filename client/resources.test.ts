import { describe, expect, test } from '@jest/globals';
import { createAgentLabels } from './agent-labels.ts';
import { createApiKeys } from './api-keys.ts';
import { createCatalogue } from './catalogue.ts';
import { createFakeService, json, OFFLINE, problem } from './fake-service.ts';
import type { Transport } from './transport.ts';

const GONE = { status: 204 };

describe('labels', () => {
  test('are read, moved back and removed under the path of their agent', async () => {
    const answers = [json({ label: 'b c' }), json({ id: 'agt_1' }), () => new Response(null, GONE)];
    const service = createFakeService(answers);
    const labels = createAgentLabels(service.transport);
    await expect(labels.getLabel('a', 'b c')).resolves.toEqual({ label: 'b c' });
    await expect(labels.rollbackLabel('a', 'b c')).resolves.toEqual({ id: 'agt_1' });
    await expect(labels.deleteLabel('a', 'b c')).resolves.toBeUndefined();
    const path = 'http://service/v1/agents/a/labels/b%20c';
    expect(service.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `GET ${path}`,
      `POST ${path}/rollback`,
      `DELETE ${path}`,
    ]);
  });

  test('tell their moves page after page', async () => {
    const pages = [
      json({ items: [{ toVersionId: 'v2' }], nextCursor: 'c' }),
      json({ items: [{ toVersionId: 'v1' }], nextCursor: null }),
    ];
    const service = createFakeService(pages);
    const seen: unknown[] = [];
    const history = createAgentLabels(service.transport).labelHistory('a', 'prod', { limit: 1 });
    for await (const move of history) seen.push(move.toVersionId);
    expect(seen).toEqual(['v2', 'v1']);
    expect(service.seen[1]?.url).toMatch(/prod\/history\?limit=1&cursor=c$/);
  });
});

describe('API keys', () => {
  test('are made, listed and revoked', async () => {
    const service = createFakeService([
      json({ id: 'key_1', key: 'text' }, { status: 201 }),
      json({ items: [{ id: 'key_1' }], nextCursor: null }),
      () => new Response(null, GONE),
      json({ apiKeyId: 'key_0', permissions: [] }),
    ]);
    const keys = createApiKeys(service.transport);
    await expect(keys.create({ name: 'ci', role: 'runner' })).resolves.toMatchObject({
      key: 'text',
    });
    await expect(keys.list().page()).resolves.toMatchObject({ items: [{ id: 'key_1' }] });
    await expect(keys.revoke('key_1')).resolves.toBeUndefined();
    await expect(keys.me()).resolves.toMatchObject({ apiKeyId: 'key_0' });
    expect(service.seen[0]?.body).toEqual({ name: 'ci', role: 'runner' });
    expect(service.seen[2]).toMatchObject({
      method: 'DELETE',
      url: 'http://service/v1/api-keys/key_1',
    });
  });
});

test('the catalogue tells node types and tools as lists', async () => {
  const service = createFakeService([
    json({ items: [{ type: 'set' }] }),
    json({ items: [{ name: 'clock' }] }),
  ]);
  const catalogue = createCatalogue(service.transport);
  await expect(catalogue.nodeTypes()).resolves.toEqual([{ type: 'set' }]);
  await expect(catalogue.tools()).resolves.toEqual([{ name: 'clock' }]);
});

test.each<[string, (transport: Transport) => Promise<unknown>]>([
  ['moving a label back', (transport) => createAgentLabels(transport).rollbackLabel('a', 'prod')],
  ['making a key', (transport) => createApiKeys(transport).create({ name: 'k', role: 'viewer' })],
])('%s is repeated when it was refused, and not when its answer is lost', async (...[, ask]) => {
  const lost = createFakeService([OFFLINE]);
  await expect(ask(lost.transport)).rejects.toMatchObject({ code: 'client.network' });
  const refused = createFakeService([problem(429, 'request.rate_limited'), json({ id: 'x' })]);
  await expect(ask(refused.transport)).resolves.toEqual({ id: 'x' });
});
