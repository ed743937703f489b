/**
 * Builds the package of the SDK: JavaScript and declarations of `client/` and of what it needs of
 * `contracts/`, in dist/client or in the folder that is given.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileClient } from './client-package/compile-client.ts';
import { packageManifest } from './client-package/package-manifest.ts';
import { reachableFiles } from './client-package/reachable-files.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ENTRY = 'client/index';

function build(folder: string): number {
  const compiled = compileClient(ROOT, `${ENTRY}.ts`);
  const manifest = packageManifest(readFileSync(join(ROOT, 'package.json'), 'utf8'), ENTRY);
  const files = new Map([
    ...reachableFiles(`${ENTRY}.js`, compiled),
    ...reachableFiles(`${ENTRY}.d.ts`, compiled),
    ['package.json', manifest] as const,
    ['README.md', readFileSync(join(ROOT, 'client/README.md'), 'utf8')] as const,
  ]);
  rmSync(folder, { recursive: true, force: true });
  for (const [name, text] of files) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return files.size;
}

const folder = resolve(process.argv[2] ?? join(ROOT, 'dist', 'client'));
process.stdout.write(`${build(folder)} files in ${folder}\n`);
