import { RE2JS } from 're2js';

/** Tells whether a path fits the glob: `*`, `?` and `**`; all else stands for itself. */
export function globMatcher(glob: string): (path: string) => boolean {
  const pattern = RE2JS.compile(`^(?:${toPattern(glob)})$`, RE2JS.DOTALL);
  return (path) => pattern.matcher(path).find();
}

function toPattern(glob: string): string {
  return glob
    .split(/(\*\*\/|\*\*|\*|\?)/)
    .map((part) => WILD[part] ?? RE2JS.quote(part))
    .join('');
}

const WILD: Readonly<Record<string, string>> = {
  '**/': '(?:.*/)?',
  '**': '.*',
  '*': '[^/]*',
  '?': '[^/]',
};
