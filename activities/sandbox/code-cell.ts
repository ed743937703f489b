import { readFileSync } from 'node:fs';

/** Languages whose variables live from one piece of code to the next of a run. */
export const CODE_LANGUAGES = ['python', 'javascript', 'bash'] as const;
export type CodeLanguage = (typeof CODE_LANGUAGES)[number];

/** The program that hands code on its standard input to the sandbox's interpreter of the language. */
export function cellArgv(language: CodeLanguage): readonly string[] {
  return ['python3', '-c', sourceOf('cell.py'), language];
}

/** The interpreter itself, which must run beside its cells. */
export function kernelArgv(language: CodeLanguage): readonly string[] {
  const kernel = language === 'javascript' ? 'kernel.mjs' : 'kernel.py';
  return ['python3', '-c', sourceOf('cell.py'), language, sourceOf(kernel)];
}

/**
 * The program that runs code in a process of its own; `{"code", "input"}` goes to its standard input,
 * and what the code hands over is left as JSON at the path.
 */
export function stepArgv(language: CodeLanguage, valuePath: string): readonly string[] {
  const source = language === 'javascript' ? sourceOf('step.mjs') : '';
  return ['python3', '-c', sourceOf('step.py'), language, valuePath, source];
}

const SOURCES = new Map<string, string>();

/** Sent along with each cell, so that an image needs the language only. */
function sourceOf(name: string): string {
  const known = SOURCES.get(name);
  if (known !== undefined) return known;
  const url = new URL(`../../sandbox-images/kernels/${name}`, import.meta.url);
  const source = readFileSync(url, 'utf8');
  SOURCES.set(name, source);
  return source;
}
