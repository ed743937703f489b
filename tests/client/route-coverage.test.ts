import { expect, test } from '@jest/globals';
import { createClient, type Client } from '../../client/index.ts';
import { ROUTE_TABLE } from '../../api/route-table.ts';

/** Routes for people with a browser and for supervisors of processes. */
const NOT_FOR_PROGRAMS: readonly string[] = [
  'GET /docs',
  'GET /docs/{file}',
  'GET /health/live',
  'GET /health/ready',
];

const SPEC = { model: { provider: 'default' }, instructions: '', tools: [] } as const;

/** One call of each method of the SDK. */
const CALLS: Readonly<Record<string, (client: Client) => unknown>> = {
  'agents.create': ({ agents }) => agents.create({ name: 'a' }),
  'agents.get': ({ agents }) => agents.get('a'),
  'agents.list': ({ agents }) => agents.list().page(),
  'agents.update': ({ agents }) => agents.update('a', {}),
  'agents.createVersion': ({ agents }) => agents.createVersion('a', { spec: SPEC }),
  'agents.listVersions': ({ agents }) => agents.listVersions('a').page(),
  'agents.getVersion': ({ agents }) => agents.getVersion('a', '1'),
  'agents.validate': ({ agents }) => agents.validate(SPEC),
  'agents.getLabel': ({ agents }) => agents.getLabel('a', 'prod'),
  'agents.setLabel': ({ agents }) => agents.setLabel('a', 'prod', { version: '1' }),
  'agents.rollbackLabel': ({ agents }) => agents.rollbackLabel('a', 'prod'),
  'agents.deleteLabel': ({ agents }) => agents.deleteLabel('a', 'prod'),
  'agents.labelHistory': ({ agents }) => agents.labelHistory('a', 'prod').page(),
  'runs.create': ({ runs }) => runs.create({ agent: 'a' }),
  'runs.get': ({ runs }) => runs.get('r'),
  'runs.list': ({ runs }) => runs.list().page(),
  'runs.wait': ({ runs }) => runs.wait('r'),
  'runs.cancel': ({ runs }) => runs.cancel('r'),
  'runs.steps': ({ runs }) => runs.steps('r').page(),
  'runs.checkpoints': ({ runs }) => runs.checkpoints('r').page(),
  'runs.checkpoint': ({ runs }) => runs.checkpoint('r', 1),
  'runs.learning': ({ runs }) => runs.learning('r'),
  'runs.events': ({ runs }) => runs.events('r'),
  'runs.stream': ({ runs }) => runs.stream('r').next(),
  'files.list': ({ files }) => files.list('r').page(),
  'files.history': ({ files }) => files.history('r', 'a.txt').page(),
  'files.read': ({ files }) => files.read('r', 'a.txt'),
  'files.write': ({ files }) => files.write('r', { path: 'a', bytes: new Uint8Array(1) }),
  'files.diff': ({ files }) => files.diff('r', 'a.txt', { from: 1, to: 2 }),
  'files.rollback': ({ files }) => files.rollback('r', { path: 'a.txt', version: 1 }),
  'artifacts.list': ({ artifacts }) => artifacts.list('r').page(),
  'artifacts.get': ({ artifacts }) => artifacts.get('a'),
  'artifacts.read': ({ artifacts }) => artifacts.read('a'),
  'audit.commands': ({ audit }) => audit.commands('r').page(),
  'audit.deniedCalls': ({ audit }) => audit.deniedCalls('r').page(),
  'audit.networkRequests': ({ audit }) => audit.networkRequests('r').page(),
  'audit.verify': ({ audit }) => audit.verify('r'),
  'threads.create': ({ threads }) => threads.create({ agent: 'a' }),
  'threads.get': ({ threads }) => threads.get('t'),
  'threads.list': ({ threads }) => threads.list().page(),
  'threads.messages': ({ threads }) => threads.messages('t').page(),
  'threads.post': ({ threads }) => threads.post('t', { content: 'hi' }),
  'threads.giveFeedback': ({ threads }) =>
    threads.giveFeedback('t', 'm', { kind: 'thumb', value: 'up' }),
  'threads.feedback': ({ threads }) => threads.feedback('t').page(),
  'memories.create': ({ memories }) =>
    memories.create({ kind: 'fact', text: 'a', scope: 'workspace' }),
  'memories.createAll': ({ memories }) => memories.createAll({ memories: [] }),
  'memories.get': ({ memories }) => memories.get('m'),
  'memories.list': ({ memories }) => memories.list().page(),
  'memories.search': ({ memories }) => memories.search({ query: 'a' }),
  'memories.update': ({ memories }) => memories.update('m', { text: 'b' }),
  'memories.pin': ({ memories }) => memories.pin('m', true),
  'memories.hold': ({ memories }) => memories.hold('m', true),
  'memories.archive': ({ memories }) => memories.archive('m'),
  'memories.restore': ({ memories }) => memories.restore('m'),
  'memories.delete': ({ memories }) => memories.delete('m'),
  'memories.history': ({ memories }) => memories.history('m').page(),
  'memories.judge': ({ memories }) => memories.judge('m', { verdict: 'useful' }),
  'memories.usage': ({ memories }) => memories.usage(),
  'memories.setLimit': ({ memories }) => memories.setLimit(1),
  'memories.scopes': ({ memories }) => memories.scopes().page(),
  'memories.eraseUser': ({ memories }) => memories.eraseUser('u'),
  'memories.erasure': ({ memories }) => memories.erasure('e'),
  'workingMemory.list': ({ workingMemory }) => workingMemory.list({ threadId: 't' }),
  'workingMemory.get': ({ workingMemory }) => workingMemory.get({ threadId: 't' }, 'k'),
  'workingMemory.set': ({ workingMemory }) =>
    workingMemory.set({ threadId: 't' }, 'k', { value: 1 }),
  'workingMemory.delete': ({ workingMemory }) => workingMemory.delete({ threadId: 't' }, 'k'),
  'knowledge.createBase': ({ knowledge }) => knowledge.createBase({ name: 'b' }),
  'knowledge.getBase': ({ knowledge }) => knowledge.getBase('b'),
  'knowledge.listBases': ({ knowledge }) => knowledge.listBases().page(),
  'knowledge.updateBase': ({ knowledge }) => knowledge.updateBase('b', {}),
  'knowledge.deleteBase': ({ knowledge }) => knowledge.deleteBase('b'),
  'knowledge.search': ({ knowledge }) => knowledge.search({ query: 'a' }),
  'knowledge.searchBase': ({ knowledge }) => knowledge.searchBase('b', { query: 'a' }),
  'knowledge.addDocument': ({ knowledge }) => knowledge.addDocument('b', { name: 'n', text: '' }),
  'knowledge.upload': ({ knowledge }) =>
    knowledge.upload('b', { name: 'n', mediaType: 'text/plain', bytes: new Uint8Array(1) }),
  'knowledge.listDocuments': ({ knowledge }) => knowledge.listDocuments('b').page(),
  'knowledge.getDocument': ({ knowledge }) => knowledge.getDocument('d'),
  'knowledge.readDocument': ({ knowledge }) => knowledge.readDocument('d'),
  'knowledge.deleteDocument': ({ knowledge }) => knowledge.deleteDocument('d'),
  'knowledge.chunks': ({ knowledge }) => knowledge.chunks('d').page(),
  'knowledge.ingest': ({ knowledge }) => knowledge.ingest('d'),
  'knowledge.ingestions': ({ knowledge }) => knowledge.ingestions('d').page(),
  'knowledge.ingestion': ({ knowledge }) => knowledge.ingestion('i'),
  'knowledge.ingestionEvents': ({ knowledge }) => knowledge.ingestionEvents('i').next(),
  'knowledge.waitForIngestion': ({ knowledge }) => knowledge.waitForIngestion('i'),
  'knowledge.cancelIngestion': ({ knowledge }) => knowledge.cancelIngestion('i'),
  'knowledge.crawl': ({ knowledge }) => knowledge.crawl('b', { url: 'http://a.example/' }),
  'knowledge.getCrawl': ({ knowledge }) => knowledge.getCrawl('c'),
  'knowledge.listCrawls': ({ knowledge }) => knowledge.listCrawls('b').page(),
  'knowledge.crawlPages': ({ knowledge }) => knowledge.crawlPages('c').page(),
  'knowledge.cancelCrawl': ({ knowledge }) => knowledge.cancelCrawl('c'),
  'graph.putEntities': ({ graph }) => graph.putEntities({ entities: [] }),
  'graph.findEntities': ({ graph }) => graph.findEntities({ query: 'a' }),
  'graph.getEntity': ({ graph }) => graph.getEntity('e'),
  'graph.facts': ({ graph }) => graph.facts('e'),
  'graph.recordFact': ({ graph }) =>
    graph.recordFact({ sourceId: 'a', targetId: 'b', predicate: 'knows', text: '' }),
  'graph.closeFact': ({ graph }) => graph.closeFact('f'),
  'graph.factHistory': ({ graph }) => graph.factHistory('f'),
  'graph.neighbourhood': ({ graph }) => graph.neighbourhood({ from: 'a' }),
  'graph.path': ({ graph }) => graph.path({ from: 'a', to: 'b' }),
  'humanTasks.list': ({ humanTasks }) => humanTasks.list().page(),
  'humanTasks.get': ({ humanTasks }) => humanTasks.get('t'),
  'humanTasks.decide': ({ humanTasks }) => humanTasks.decide('t', { kind: 'approve' }),
  'values.get': ({ values }) => values.get({ $blob: 'ab', sizeBytes: 1 }),
  'catalogue.nodeTypes': ({ catalogue }) => catalogue.nodeTypes(),
  'catalogue.tools': ({ catalogue }) => catalogue.tools(),
  'apiKeys.create': ({ apiKeys }) => apiKeys.create({ name: 'k', role: 'viewer' }),
  'apiKeys.list': ({ apiKeys }) => apiKeys.list().page(),
  'apiKeys.revoke': ({ apiKeys }) => apiKeys.revoke('k'),
  'apiKeys.me': ({ apiKeys }) => apiKeys.me(),
  'workspace.get': ({ workspace }) => workspace.get(),
  'workspace.update': ({ workspace }) => workspace.update({ sandboxMinLevel: 'docker' }),
};

/** The same methods with another owner ask for other routes. */
const MORE_CALLS: readonly ((client: Client) => unknown)[] = [
  ({ workingMemory }) => workingMemory.list({ runId: 'r' }),
  ({ workingMemory }) => workingMemory.get({ runId: 'r' }, 'k'),
  ({ workingMemory }) => workingMemory.set({ runId: 'r' }, 'k', { value: 1 }),
  ({ workingMemory }) => workingMemory.delete({ runId: 'r' }, 'k'),
];

/** What the call asks for: method and path of its first request. */
async function askedFor(call: (client: Client) => unknown): Promise<string> {
  const asked = Promise.withResolvers<string>();
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    asked.resolve(`${init?.method ?? 'GET'} ${pathname}`);
    // The answer fits nothing; what becomes of it is tested elsewhere.
    return Response.json({ code: 'run.not_found' }, { status: 404 });
  };
  const client = createClient({ baseUrl: 'http://service', apiKey: 'k', fetch });
  await Promise.resolve(call(client)).catch(() => undefined);
  return asked.promise;
}

/** The route of a request, as `GET /v1/runs/{run}`. */
function routeOf(request: string): string | undefined {
  const parts = request.split('/');
  const fits = (route: string): boolean => {
    const wanted = route.split('/');
    return (
      wanted.length === parts.length &&
      wanted.every((part, index) => part.startsWith('{') || part === parts[index])
    );
  };
  return ROUTE_TABLE.map(({ method, path }) => `${method} ${path}`).find(fits);
}

test('every method of the SDK has its call in this test', () => {
  const client = createClient({ baseUrl: 'http://service', apiKey: 'k' });
  const methods = Object.entries(client).flatMap(([name, resource]) =>
    Object.keys(resource as object).map((method) => `${name}.${method}`),
  );
  expect(Object.keys(CALLS).toSorted()).toEqual(methods.toSorted());
});

test.each(Object.entries(CALLS))('%s asks for a route that exists', async (...[, call]) => {
  const request = await askedFor(call);
  expect([request, routeOf(request)]).toEqual([request, expect.any(String)]);
});

test('the SDK reaches every route but those that are not for programs', async () => {
  const reached = new Set<string | undefined>(NOT_FOR_PROGRAMS);
  for (const call of [...Object.values(CALLS), ...MORE_CALLS])
    reached.add(routeOf(await askedFor(call)));
  const routes = ROUTE_TABLE.map(({ method, path }) => `${method} ${path}`);
  expect(routes.filter((route) => !reached.has(route))).toEqual([]);
  expect(NOT_FOR_PROGRAMS.filter((route) => !routes.includes(route))).toEqual([]);
});
