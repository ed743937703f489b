import { invalidRequest } from './parse.ts';

const NUL = '\u0000';

/** The fields of a query string, each given once. */
export function parseQuery(text: string): Readonly<Record<string, string>> {
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (fields.has(name)) throw refused(name, 'is given twice');
    if (value.includes(NUL)) throw refused(name, 'holds the character U+0000');
    fields.set(name, value);
  }
  return Object.fromEntries(fields);
}

function refused(name: string, what: string) {
  return invalidRequest([
    { pointer: `/query/${name}`, code: 'request.invalid_value', message: `the parameter ${what}` },
  ]);
}
