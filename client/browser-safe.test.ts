import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { createContext, SourceTextModule, type Module } from 'node:vm';
import { expect, test } from '@jest/globals';

/** What every browser has; nothing else is in reach of the code under test. */
const WEB_GLOBALS = {
  AbortController,
  Headers,
  Response,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
  Uint8Array,
  clearTimeout,
  crypto,
  setTimeout,
};

test('runs where there are only web globals, and imports no package and nothing of Node', async () => {
  const context = createContext({ ...WEB_GLOBALS });
  const loaded = new Map<string, SourceTextModule>();
  const load = (url: string): SourceTextModule => {
    const known = loaded.get(url);
    if (known !== undefined) return known;
    const source = stripTypeScriptTypes(readFileSync(new URL(url), 'utf8'));
    const module = new SourceTextModule(source, { context, identifier: url });
    loaded.set(url, module);
    return module;
  };
  const link = (specifier: string, from: Module): Module => {
    if (!specifier.startsWith('.')) throw new Error(`${from.identifier} imports ${specifier}`);
    if (specifier.endsWith('.schema.ts')) throw new Error(`${specifier} brings a schema library`);
    return load(new URL(specifier, from.identifier).href);
  };

  const entry = load(new URL('./index.ts', import.meta.url).href);
  await entry.link(link);
  await entry.evaluate();
  expect([...loaded.keys()].filter((url) => !/\/(client|contracts)\/[^/]+\.ts$/.test(url))).toEqual(
    [],
  );

  const frame = 'data: {"type":"run.succeeded","seq":1,"at":"","data":{}}\n\n';
  const answers = [
    Response.json({ id: 'run_1' }, { status: 201 }),
    new Response(frame, { headers: { 'content-type': 'text/event-stream' } }),
    Response.json({ id: 'run_1', status: 'succeeded' }),
    Response.json({ id: 'task_1' }),
  ];
  const fetch = async (): Promise<Response | undefined> => answers.shift();
  const { run } = createScenario(context, entry);
  await expect(run(fetch)).resolves.toEqual(['run_1', 'run.succeeded', 'succeeded', 'task_1']);
});

type Scenario = (fetch: unknown) => Promise<readonly string[]>;

function createScenario(context: object, entry: SourceTextModule): { readonly run: Scenario } {
  const source = `
    import { createClient } from 'entry';
    export async function run(fetch) {
      const client = createClient({ baseUrl: 'http://s', apiKey: 'k', fetch });
      const made = await client.runs.create({ agent: 'a' });
      const types = [];
      for await (const event of client.runs.stream(made.id)) types.push(event.type);
      const ended = await client.runs.wait(made.id);
      const task = await client.humanTasks.decide('task_1', { kind: 'approve' });
      return [made.id, ...types, ended.status, task.id];
    }`;
  const scenario = new SourceTextModule(source, { context, identifier: 'scenario' });
  return {
    run: async (fetch) => {
      await scenario.link(() => entry);
      await scenario.evaluate();
      const { run } = scenario.namespace as { readonly run: Scenario };
      return [...(await run(fetch))];
    },
  };
}
