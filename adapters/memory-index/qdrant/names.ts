const UNSAFE = /[^A-Za-z0-9.-]/gu;
const ESCAPED = /_([0-9a-f]+)_/g;

/**
 * A name that may stand in paths of URLs, files and payloads: whatever else is in it becomes
 * `_<code point>_`. Different names stay different.
 */
export function escapeName(name: string): string {
  return name.replace(UNSAFE, (char) => `_${(char.codePointAt(0) ?? 0).toString(16)}_`);
}

/** The name that was escaped. */
export function unescapeName(escaped: string): string {
  return escaped.replace(ESCAPED, (_, code: string) => String.fromCodePoint(parseInt(code, 16)));
}

/** As above, where a dot would lead into a value. */
export function escapeKey(name: string): string {
  return escapeName(name).replaceAll('.', '_2e_');
}
