import { createHash } from 'node:crypto';
import { copyFile, chmod, mkdir, readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SANDBOX_IMAGES } from '../../contracts/sandbox.ts';
import type { SandboxImage } from '../../contracts/sandbox.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RECIPES = join(ROOT, 'sandbox-images');

/** Processor, as Node and npm call it. */
const ARCH = process.arch;

/** A file of a build context that does not lie in the recipe's own folder. */
interface Input {
  readonly name: string;
  readonly path: string;
}

/** All that decides what a build makes, but for the packages that Debian has today. */
export interface Recipe {
  readonly image: SandboxImage;
  readonly parent: SandboxImage | null;
  /** Hash of what makes the image without its runner. */
  readonly env: string;
  /** Hash of everything, the runner included. */
  readonly inputs: string;
}

function sha256(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Files of a folder by name, with their modes reduced to what version control keeps. */
async function filesOf(folder: string): Promise<readonly (Input & { readonly mode: number })[]> {
  const names = (await readdir(folder)).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const { mode } = await stat(path);
      return { name, path, mode: (mode & 0o100) === 0 ? 0o644 : 0o755 };
    }),
  );
}

async function hashFolder(folder: string): Promise<string> {
  const files = await filesOf(folder);
  const lines = await Promise.all(
    files.map(async ({ name, path, mode }) => `${name} ${mode} ${sha256(await readFile(path))}`),
  );
  return sha256(lines.join('\n'));
}

/** The version of Node in images: the one that this repository's packages are pinned to. */
export async function nodeVersion(): Promise<string> {
  const text = await readFile(join(ROOT, 'package.json'), 'utf8');
  const { optionalDependencies } = JSON.parse(text) as {
    readonly optionalDependencies: Readonly<Record<string, string>>;
  };
  return optionalDependencies[`node-linux-${ARCH}`] ?? process.versions.node;
}

/** Where the binary for images lies if npm installed it. */
export const PACKAGED_NODE = join(ROOT, 'node_modules', `node-linux-${ARCH}`, 'bin', 'node');

const RUNNER = join(RECIPES, 'runner', 'holdfast_runner.py');

/** Reads all recipes; parents come before what builds on them. */
export async function readRecipes(): Promise<readonly Recipe[]> {
  const finish = (await hashFolder(join(RECIPES, 'finish'))) + sha256(await readFile(RUNNER));
  const base = sha256(`${ARCH} ${await hashFolder(join(RECIPES, 'base'))}`);
  const recipes: Recipe[] = [];
  for (const image of SANDBOX_IMAGES) {
    const own = await hashFolder(join(RECIPES, image));
    const extra = image === 'node' ? await nodeVersion() : '';
    const env = image === 'base' ? base : sha256(`${base} ${own} ${extra}`);
    const parent = image === 'base' ? null : 'base';
    recipes.push({ image, parent, env, inputs: sha256(env + finish) });
  }
  return recipes;
}

/** The name of an image made so is the hash of its recipe and of the packages that are in it. */
export function contentHash(recipe: Recipe, packages: string): string {
  return sha256(`${recipe.inputs}\n${packages}`);
}

/** Puts a build's files into a folder. */
export async function stage(
  step: SandboxImage | 'finish',
  folder: string,
  inputs: readonly Input[],
): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const own = await filesOf(join(RECIPES, step));
  const finish =
    step === 'finish' ? [{ name: 'holdfast_runner.py', path: RUNNER, mode: 0o644 }] : [];
  const all = [...own, ...finish, ...inputs.map((input) => ({ ...input, mode: 0o755 }))];
  for (const { name, path, mode } of all) {
    await copyFile(path, join(folder, name));
    await chmod(join(folder, name), mode);
  }
  return all.map(({ name }) => name);
}
