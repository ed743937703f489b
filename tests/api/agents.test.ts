import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { agentSchema, agentVersionSchema } from '../../contracts/agent.schema.ts';
import { SPEC, startTestApi, type TestApi } from './api-harness.ts';

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const BROKEN = {
  graph: {
    nodes: [{ id: 'a', type: 'no-such-type', config: {} }],
    edges: [{ type: 'normal', from: 'a', to: 'nowhere' }],
  },
};

describe('agents', () => {
  test('are made with their first version, and found by id and name', async () => {
    const body = { name: 'first', description: 'one', spec: SPEC, version: '1.0.0' };
    const made = await api.call('POST', '/v1/agents', { body });
    expect(made.status).toBe(201);
    const agent = agentSchema.strict().parse(made.body);
    expect(agent).toMatchObject({ name: 'first', description: 'one', status: 'published' });
    expect(made.headers.get('location')).toBe(`/v1/agents/${agent.id}`);
    for (const reference of [agent.id, 'first']) {
      expect((await api.call('GET', `/v1/agents/${reference}`)).body).toEqual(agent);
    }
    const version = await api.call('GET', `/v1/agents/first/versions/latest`);
    expect(agentVersionSchema.strict().parse(version.body)).toMatchObject({
      id: agent.labels['latest'],
      number: 1,
      version: '1.0.0',
    });
  });

  test('without a spec are drafts', async () => {
    const made = await api.call('POST', '/v1/agents', { body: { name: 'draft' } });
    expect(made.body).toMatchObject({ status: 'draft', labels: {} });
    const listed = await api.call('GET', '/v1/agents?status=draft');
    expect(listed.body.items).toMatchObject([{ name: 'draft' }]);
  });

  test('need names of their own', async () => {
    await api.call('POST', '/v1/agents', { body: { name: 'taken' } });
    const answer = await api.call('POST', '/v1/agents', { body: { name: 'taken' } });
    expect([answer.status, answer.body.code]).toEqual([409, 'agent.name_taken']);
  });

  test.each(['', '1a', 'a b', 'a/b', 'agt_1', 'x'.repeat(65), 'ä'])(
    'cannot be called "%s"',
    async (name) => {
      const answer = await api.call('POST', '/v1/agents', { body: { name } });
      expect([answer.status, answer.body.problems[0]?.pointer]).toEqual([400, '/name']);
    },
  );

  test('whose spec is refused are not made', async () => {
    const body = { name: 'half-made', spec: BROKEN };
    const answer = await api.call('POST', '/v1/agents', { body });
    expect([answer.status, answer.body.code]).toEqual([422, 'agent.invalid_spec']);
    for (const { pointer } of answer.body.problems) expect(pointer).toMatch(/^\/spec/);
    expect((await api.call('GET', '/v1/agents/half-made')).status).toBe(404);
  });

  test('change their description, and can be archived and restored', async () => {
    const name = await api.agent();
    const patch = (body: object) => api.call('PATCH', `/v1/agents/${name}`, { body });
    expect((await patch({ description: 'new' })).body).toMatchObject({ description: 'new' });
    expect((await patch({ archived: true })).body).toMatchObject({
      status: 'archived',
      description: 'new',
    });
    const refused = await api.call('POST', `/v1/agents/${name}/versions`, { body: { spec: SPEC } });
    expect([refused.status, refused.body.code]).toEqual([409, 'agent.archived']);
    expect((await patch({ archived: false })).body).toMatchObject({ status: 'published' });
  });
});

describe('validation', () => {
  test('tells all problems at once, and keeps nothing', async () => {
    const answer = await api.call('POST', '/v1/agents:validate', {
      body: { spec: BROKEN },
      key: api.own.keys.viewer,
    });
    expect([answer.status, answer.body.valid]).toEqual([200, false]);
    expect(answer.body.problems.length).toBeGreaterThan(1);
    for (const problem of answer.body.problems) {
      expect(problem).toEqual({
        pointer: expect.stringMatching(/^(\/|$)/),
        code: expect.stringMatching(/^[a-z_]+\.[a-z_.]+$/),
        message: expect.any(String),
      });
    }
  });

  test('is content with a good spec', async () => {
    const answer = await api.call('POST', '/v1/agents:validate', { body: { spec: SPEC } });
    expect(answer.body).toEqual({ valid: true, problems: [] });
  });
});

describe('versions', () => {
  test('count up, keep their text, and are listed newest first', async () => {
    const name = await api.agent();
    const path = `/v1/agents/${name}/versions`;
    const second = await api.call('POST', path, {
      body: { spec: SPEC, version: '2.1.0', changelog: 'better' },
    });
    expect(second.status).toBe(201);
    expect(second.body).toMatchObject({ number: 2, version: '2.1.0', changelog: 'better' });
    expect((await api.call('GET', second.headers.get('location') ?? '')).body).toEqual(second.body);
    const listed = await api.call('GET', path);
    expect(listed.body.items.map(({ number }) => number)).toEqual([2, 1]);
    for (const item of listed.body.items) agentVersionSchema.strict().parse(item);
    const again = await api.call('POST', path, { body: { spec: SPEC, version: '2.1.0' } });
    expect([again.status, again.body.code]).toEqual([409, 'agent.version_exists']);
    const unknown = await api.call('GET', `${path}/7`);
    expect([unknown.status, unknown.body.code]).toEqual([404, 'agent.version_not_found']);
  });
});

describe('labels', () => {
  test('are set, moved, moved back and removed, and every move is kept', async () => {
    const name = await api.agent();
    const second = await api.call('POST', `/v1/agents/${name}/versions`, { body: { spec: SPEC } });
    const first = await api.call('GET', `/v1/agents/${name}/versions/1`);
    const path = `/v1/agents/${name}/labels/prod`;
    const where = async (): Promise<unknown> => {
      const answer = await api.call('GET', path);
      return answer.body.versionId ?? answer.body.code;
    };
    expect(await where()).toBe('agent.label_not_found');
    await api.call('PUT', path, { body: { version: '1' } });
    expect(await where()).toBe(first.body.id);
    const nowhere = await api.call('POST', `${path}/rollback`);
    expect([nowhere.status, nowhere.body.code]).toEqual([404, 'agent.label_not_found']);
    const moved = await api.call('PUT', path, { body: { version: second.body.id } });
    expect(moved.body.labels.prod).toBe(second.body.id);
    const back = await api.call('POST', `${path}/rollback`);
    expect([back.status, back.body.labels.prod]).toEqual([200, first.body.id]);
    expect((await api.call('DELETE', path)).status).toBe(204);
    expect(await where()).toBe('agent.label_not_found');
    const history = await api.call('GET', `${path}/history`);
    const [one, two] = [first.body.id, second.body.id];
    expect(history.body.items.map((move) => [move.fromVersionId, move.toVersionId])).toEqual([
      [one, null],
      [two, one],
      [one, two],
      [null, one],
    ]);
  });

  test('named latest follow the versions and cannot be set', async () => {
    const name = await api.agent();
    const path = `/v1/agents/${name}/labels/latest`;
    for (const answer of [
      await api.call('PUT', path, { body: { version: '1' } }),
      await api.call('DELETE', path),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([409, 'agent.label_reserved']);
    }
  });

  test('cannot point at versions that are not there', async () => {
    const name = await api.agent();
    const answer = await api.call('PUT', `/v1/agents/${name}/labels/prod`, {
      body: { version: '9' },
    });
    expect([answer.status, answer.body.code]).toEqual([404, 'agent.version_not_found']);
  });
});
