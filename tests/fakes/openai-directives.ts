import { isJsonObject, type Json, type JsonObject } from '../../contracts/json.ts';
import { FAULTS, type Behaviour, type ChatBody, type FakeCall } from './openai-behaviour.ts';

/** How often each faulty request has come already. */
export type FaultCounts = Map<string, number>;

/**
 * What the last user message asks of the fake. `#cut`, `#429` and the other names of `FAULTS` strike
 * once for each text, `#cut:3` three times, `#cut:always` always; then the answer is normal.
 * `#call name {json}` on a line of its own calls a tool, `#tools` calls each offered tool,
 * `#malformed` calls the first with broken JSON; after the tools' results the answer is text.
 * `#slow:20x100` answers with 20 words, 100 ms apart. `#json {…}` is the structured output.
 */
export function behaviourFor(body: ChatBody, counts: FaultCounts): Behaviour {
  const text = lastUserText(body);
  const fault = faultFor(text, counts);
  if (fault !== null) return fault;
  const slow = /#slow(?::(\d+)x(\d+))?/.exec(text);
  if (slow !== null) {
    const words = Array.from({ length: Number(slow[1] ?? 20) }, (_, index) => `word${index + 1}`);
    return { kind: 'answer', text: words.join(' '), chunkDelayMs: Number(slow[2] ?? 100) };
  }
  if (body.messages.at(-1)?.role === 'tool') {
    return { kind: 'answer', text: `The tools said: ${toolResults(body).join('; ')}` };
  }
  const calls = callsFor(body, text);
  if (calls.length > 0) return { kind: 'answer', calls };
  const schema = body.response_format?.json_schema?.schema;
  if (schema !== undefined) {
    const given = /#json\s+(\{.*\})/s.exec(text)?.[1];
    return { kind: 'answer', text: given ?? JSON.stringify(exampleOf(schema)) };
  }
  return { kind: 'answer', text: `You said: ${text}` };
}

function faultFor(text: string, counts: FaultCounts): Behaviour | null {
  for (const match of text.matchAll(/#([a-z0-9]+)(?::(\d+|always))?/g)) {
    const [directive, name = '', times = '1'] = match;
    const fault = FAULTS[name];
    if (fault === undefined) continue;
    const key = `${directive}\n${text}`;
    const seen = counts.get(key) ?? 0;
    if (times !== 'always' && seen >= Number(times)) continue;
    counts.set(key, seen + 1);
    return fault;
  }
  return null;
}

function callsFor(body: ChatBody, text: string): readonly FakeCall[] {
  const names = (body.tools ?? []).map((tool) => tool.function.name);
  const first = names[0];
  if (/#malformed\b/.test(text) && first !== undefined) {
    return [{ name: first, arguments: '{"broken": "json' }];
  }
  const named = [...text.matchAll(/^\s*#call\s+(\w+)(?:\s+(\{.*\}))?\s*$/gm)];
  if (named.length > 0) {
    return named.map(([, name = '', args = '{}']) => ({ name, arguments: args }));
  }
  return /#tools\b/.test(text) ? names.map((name) => ({ name, arguments: {} })) : [];
}

function lastUserText(body: ChatBody): string {
  return textOf(body.messages.findLast(({ role }) => role === 'user')?.content);
}

function toolResults(body: ChatBody): readonly string[] {
  const lastUser = body.messages.findLastIndex(({ role }) => role === 'user');
  return body.messages
    .slice(lastUser + 1)
    .filter(({ role }) => role === 'tool')
    .map(({ content }) => textOf(content));
}

function textOf(content: unknown): string {
  return typeof content === 'string' ? content : JSON.stringify(content ?? '');
}

/** The smallest value that most schemas accept. */
function exampleOf(schema: Json | undefined): Json {
  if (!isJsonObject(schema)) return null;
  if (schema['const'] !== undefined) return schema['const'];
  if (Array.isArray(schema['enum'])) return (schema['enum'] as readonly Json[])[0] ?? null;
  switch (schema['type']) {
    case 'object':
      return exampleObject(schema);
    case 'array':
      return [];
    case 'string':
      return 'text';
    case 'number':
    case 'integer':
      return typeof schema['minimum'] === 'number' ? schema['minimum'] : 0;
    case 'boolean':
      return true;
    default:
      return null;
  }
}

function exampleObject(schema: JsonObject): JsonObject {
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  return Object.fromEntries(
    Object.entries(properties).map(([name, part]) => [name, exampleOf(part)]),
  );
}
