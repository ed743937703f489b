import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../contracts/json.ts';
import { startOpenAiServer, type OpenAiServer } from '../fakes/openai-server.ts';

interface Completion {
  readonly choices: readonly [
    {
      readonly finish_reason: string;
      readonly message: {
        readonly content: string | null;
        readonly tool_calls?: readonly { readonly function: JsonObject }[];
      };
    },
  ];
}

let server: OpenAiServer;

beforeAll(async () => {
  server = await startOpenAiServer();
});

afterAll(async () => {
  await server.close();
});

const TOOLS = ['add', 'subtract'].map((name) => ({ type: 'function', function: { name } }));

async function post(url: string, content: string, more: object = {}): Promise<Response> {
  return fetch(`${url}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content }], ...more }),
  });
}

async function choiceOf(response: Response) {
  const { choices } = (await response.json()) as Completion;
  return choices[0];
}

describe('the chat completions fake', () => {
  test('strikes once for a text, then answers it', async () => {
    expect((await post(server.url, 'once #500')).status).toBe(500);
    expect((await choiceOf(await post(server.url, 'once #500'))).message.content).toBe(
      'You said: once #500',
    );
  });

  test('strikes as often as it is told', async () => {
    const statuses: number[] = [];
    for (let count = 0; count < 3; count += 1) {
      statuses.push((await post(server.url, 'twice #429:2')).status);
    }
    expect(statuses).toEqual([429, 429, 200]);
    for (let count = 0; count < 3; count += 1) {
      expect((await post(server.url, 'each #503:always')).status).toBe(503);
    }
  });

  test('calls the tools that a message names, or all that are offered', async () => {
    const named = await post(server.url, 'do\n#call add {"a": 1}\n#call now', { tools: TOOLS });
    const choice = await choiceOf(named);
    expect(choice.finish_reason).toBe('tool_calls');
    expect(choice.message.tool_calls?.map((call) => call.function)).toEqual([
      { name: 'add', arguments: '{"a": 1}' },
      { name: 'now', arguments: '{}' },
    ]);
    const all = await choiceOf(await post(server.url, '#tools', { tools: TOOLS }));
    expect(all.message.tool_calls?.map((call) => call.function['name'])).toEqual([
      'add',
      'subtract',
    ]);
  });

  test('answers with text when the tools have answered', async () => {
    const messages = [
      { role: 'user', content: '#tools' },
      { role: 'assistant', content: null },
      { role: 'tool', content: 'five', tool_call_id: 'c' },
    ];
    const { message } = await choiceOf(await post(server.url, '', { tools: TOOLS, messages }));
    expect(message.content).toBe('The tools said: five');
  });

  test('answers a schema with something that fits, or with what it is given', async () => {
    const schema = { type: 'object', properties: { n: { type: 'integer', minimum: 3 } } };
    const response_format = { type: 'json_schema', json_schema: { name: 'o', schema } };
    const example = await choiceOf(await post(server.url, 'x', { response_format }));
    expect(example.message.content).toBe('{"n":3}');
    const given = await choiceOf(await post(server.url, '#json {"n": 9}', { response_format }));
    expect(given.message.content).toBe('{"n": 9}');
  });

  test('streams chunks as the vendor does', async () => {
    const stream_options = { include_usage: true };
    const response = await post(server.url, '#slow:2x1', { stream: true, stream_options });
    const lines = (await response.text()).trim().split('\n\n');
    expect(lines.at(-1)).toBe('data: [DONE]');
    const chunks = lines.slice(0, -1).map((line) => JSON.parse(line.slice(6)) as JsonObject);
    expect(chunks).toMatchObject([
      { choices: [{ delta: { role: 'assistant', content: '' }, finish_reason: null }] },
      { choices: [{ delta: { content: 'word1 ' } }] },
      { choices: [{ delta: { content: 'word2' } }] },
      { choices: [{ delta: {}, finish_reason: 'stop' }] },
      { choices: [], usage: { completion_tokens: 2 } },
    ]);
  });

  test('runs as a process of its own until it is told to stop', async () => {
    const main = new URL('../fakes/openai-server-main.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    try {
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      const { url } = JSON.parse(line.toString('utf8')) as { readonly url: string };
      expect((await choiceOf(await post(url, 'hello'))).message.content).toBe('You said: hello');
    } finally {
      child.kill('SIGTERM');
    }
    expect(await exited).toEqual([0, null]);
  });
});
