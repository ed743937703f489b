import { posix } from 'node:path';

const SPECIFIER = /\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g;

/**
 * The file and all that it imports, of JavaScript or of declarations. Throws when a package is
 * imported, and when a file is missing.
 */
export function reachableFiles(
  entry: string,
  files: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const open = [entry];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    const text = files.get(name);
    if (text === undefined) throw new Error(`${name} is imported and was not compiled`);
    found.set(name, text);
    for (const specifier of specifiersOf(text)) open.push(target(name, specifier));
  }
  return found;
}

function specifiersOf(text: string): readonly string[] {
  return [...text.matchAll(SPECIFIER)].map(([, , specifier]) => specifier ?? '');
}

function target(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) throw new Error(`${from} needs the package ${specifier}`);
  const path = posix.join(posix.dirname(from), specifier);
  return from.endsWith('.d.ts') ? path.replace(/\.js$/, '.d.ts') : path;
}
