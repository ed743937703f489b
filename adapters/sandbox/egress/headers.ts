/** A message's headers as they came: name, value, name, value. */
export type RawHeaders = readonly string[];

/** Of one connection only; `proxy-*` ones are too. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);

/** All headers that are for the other end, in their order and spelling. */
export function endToEnd(raw: RawHeaders): readonly (readonly [string, string])[] {
  const pairs = toPairs(raw);
  const named = pairs
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map((name) => name.trim());
  return pairs.filter(([name]) => {
    const lower = name.toLowerCase();
    return !HOP_BY_HOP.has(lower) && !lower.startsWith('proxy-') && !named.includes(lower);
  });
}

/** Every value of one header. */
export function valuesOf(raw: RawHeaders, name: string): readonly string[] {
  return toPairs(raw)
    .filter(([each]) => each.toLowerCase() === name)
    .map(([, value]) => value);
}

/** As Node's client takes them: a repeated header is a list. */
export function toOutgoing(
  pairs: readonly (readonly [string, string])[],
): Record<string, string | string[]> {
  const held = new Map<string, { readonly name: string; readonly values: string[] }>();
  for (const [name, value] of pairs) {
    const known = held.get(name.toLowerCase());
    if (known === undefined) held.set(name.toLowerCase(), { name, values: [value] });
    else known.values.push(value);
  }
  const headers = [...held.values()].map(
    ({ name, values }) => [name, values.length === 1 ? (values[0] ?? '') : values] as const,
  );
  return Object.fromEntries(headers);
}

/** About what the head takes on the wire. */
export function headBytes(first: string, raw: RawHeaders): number {
  return raw.reduce((sum, text) => sum + text.length + 2, first.length + 4);
}

function toPairs(raw: RawHeaders): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) pairs.push([raw[at] ?? '', raw[at + 1] ?? '']);
  return pairs;
}
