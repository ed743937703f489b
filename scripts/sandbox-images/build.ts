import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SANDBOX_IMAGES } from '../../contracts/sandbox.ts';
import type { SandboxImage } from '../../contracts/sandbox.ts';
import { ensureDebian } from './debian-base.ts';
import type { BaseSource } from './debian-base.ts';
import { finished, labelsOf, outputOf } from './docker-connection.ts';
import { PACKAGED_NODE, contentHash, nodeVersion, readRecipes, stage } from './recipe.ts';
import type { Recipe } from './recipe.ts';
import type Docker from 'dockerode';

/** Labels of every image made here. */
export const LABELS = {
  image: 'dev.holdfast.image',
  /** What an image was made from; equal inputs need no build. */
  inputs: 'dev.holdfast.inputs',
  /** What is in it: its inputs and the versions of all packages. */
  content: 'dev.holdfast.content',
} as const;

const ENV_LABEL = 'dev.holdfast.env';
/** As many as Docker shows of an id. */
const SHOWN_DIGITS = 12;
const PACKAGES = ['dpkg-query', '-W', '-f', '${Package} ${Version} ${Architecture}\n'];
const PROXY_NAMES = ['http_proxy', 'https_proxy', 'no_proxy'];

/** How to build. */
export interface BuildOptions {
  readonly images: readonly SandboxImage[];
  /** Where Debian comes from; giving it builds anew. */
  readonly from?: BaseSource;
  /** Takes today's packages, whatever is here. */
  readonly fresh?: boolean;
  readonly say: (line: string) => void;
}

/** An image that is here. */
export interface BuiltImage {
  readonly image: SandboxImage;
  /** Named by its content. */
  readonly name: string;
  readonly content: string;
  readonly sizeBytes: number;
}

/** Name under which sandboxes find an image. */
export function latestName(image: SandboxImage): string {
  return `holdfast-sandbox-${image}:latest`;
}

function contentName(image: SandboxImage, content: string): string {
  return `holdfast-sandbox-${image}:${content.slice(0, SHOWN_DIGITS)}`;
}

function envName(image: SandboxImage): string {
  return `holdfast-sandbox-${image}:env`;
}

interface BuildStep {
  readonly step: SandboxImage | 'finish';
  readonly base: string;
  readonly tag: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly fresh: boolean;
}

/** Variables that apt in a build needs where the only way out is a proxy. */
function proxyArguments(): Record<string, string> {
  const pairs = PROXY_NAMES.flatMap((name) => {
    const value = process.env[name] ?? process.env[name.toUpperCase()] ?? '';
    return value === '' ? [] : [[name, value] as const];
  });
  return Object.fromEntries(pairs);
}

/** Node's own image has the binary where npm installed none, as on a Mac. */
async function fetchNode(docker: Docker, folder: string): Promise<string> {
  if (existsSync(PACKAGED_NODE)) return PACKAGED_NODE;
  const name = `node:${await nodeVersion()}-bookworm-slim`;
  await finished(docker, await docker.pull(name));
  const container = await docker.createContainer({ Image: name });
  try {
    const archive = await container.getArchive({ path: '/usr/local/bin/node' });
    const tar = spawn('tar', ['-x', '-C', folder], { stdio: ['pipe', 'ignore', 'inherit'] });
    await pipeline(archive, tar.stdin);
    if (tar.exitCode === null) await once(tar, 'close');
    return join(folder, 'node');
  } finally {
    await container.remove({ force: true });
  }
}

async function runStep(docker: Docker, build: BuildStep): Promise<void> {
  const context = await mkdtemp(join(tmpdir(), 'holdfast-image-'));
  const spare = await mkdtemp(join(tmpdir(), 'holdfast-node-'));
  try {
    const inputs =
      build.step === 'node' ? [{ name: 'node', path: await fetchNode(docker, spare) }] : [];
    const src = [...(await stage(build.step, context, inputs))];
    const progress = await docker.buildImage(
      { context, src },
      {
        t: build.tag,
        buildargs: { BASE: build.base, ...proxyArguments() },
        labels: build.labels,
        // Package archives are reached as this machine reaches them.
        networkmode: 'host',
        nocache: build.fresh,
        forcerm: true,
      },
    );
    await finished(docker, progress);
  } finally {
    for (const folder of [context, spare]) await rm(folder, { recursive: true, force: true });
  }
}

interface Plan {
  readonly docker: Docker;
  readonly options: BuildOptions;
  readonly recipe: Recipe;
  readonly base: string;
}

/** The image without its runner, unless it is here. */
async function ensureEnv(plan: Plan): Promise<string> {
  const { docker, options, recipe, base } = plan;
  const tag = envName(recipe.image);
  const again = options.fresh === true || options.from !== undefined;
  const present = await labelsOf(docker, tag);
  if (!again && present?.[ENV_LABEL] === recipe.env) return tag;
  const labels = { [ENV_LABEL]: recipe.env };
  const fresh = options.fresh === true;
  await runStep(docker, { step: recipe.image, base, tag, labels, fresh });
  return tag;
}

async function describe(docker: Docker, image: SandboxImage): Promise<BuiltImage | undefined> {
  const content = (await labelsOf(docker, latestName(image)))?.[LABELS.content];
  if (content === undefined) return undefined;
  const { Size } = await docker.getImage(latestName(image)).inspect();
  return { image, name: contentName(image, content), content, sizeBytes: Size };
}

/** The images of ours that are here. */
export async function presentImages(docker: Docker): Promise<readonly BuiltImage[]> {
  const all = await Promise.all(SANDBOX_IMAGES.map((image) => describe(docker, image)));
  return all.filter((one) => one !== undefined);
}

/** `plan.base` is the base's own environment. */
async function buildOne(plan: Plan): Promise<void> {
  const { docker, options, recipe } = plan;
  const { image } = recipe;
  const startedAt = performance.now();
  const base = recipe.parent === null ? plan.base : await ensureEnv(plan);
  const content = contentHash(recipe, await outputOf(docker, base, PACKAGES));
  const labels = {
    [LABELS.image]: image,
    [LABELS.inputs]: recipe.inputs,
    [LABELS.content]: content,
  };
  const tag = contentName(image, content);
  await runStep(docker, { step: 'finish', base, tag, labels, fresh: false });
  await docker.getImage(tag).tag({ repo: `holdfast-sandbox-${image}`, tag: 'latest' });
  const { Size } = await docker.getImage(tag).inspect();
  const seconds = (performance.now() - startedAt) / 1000;
  options.say(`${image}: ${(Size / 1e6).toFixed(0)} MB in ${seconds.toFixed(0)} s`);
}

/** Those of some images that are missing or made of other inputs. */
export async function staleImages(
  docker: Docker,
  images: readonly SandboxImage[],
): Promise<readonly SandboxImage[]> {
  const stale: SandboxImage[] = [];
  for (const { image, inputs } of await readRecipes()) {
    if (!images.includes(image)) continue;
    const labels = await labelsOf(docker, latestName(image));
    if (labels?.[LABELS.inputs] !== inputs) stale.push(image);
  }
  return stale;
}

/** Makes the images that are missing or stale; those of equal inputs stay as they are. */
export async function buildImages(docker: Docker, options: BuildOptions): Promise<void> {
  const { from, fresh = false, say } = options;
  const again = fresh || from !== undefined;
  const stale = again ? options.images : await staleImages(docker, options.images);
  const recipes = await readRecipes();
  const [baseRecipe] = recipes;
  if (baseRecipe === undefined) throw new Error('the image that others build on has no recipe');
  if (stale.length === 0) return;
  const present = (await labelsOf(docker, envName('base')))?.[ENV_LABEL];
  const needsDebian = again || present !== baseRecipe.env;
  const debian = needsDebian ? await ensureDebian(docker, { from, fresh, say }) : '';
  say(`building ${stale.join(', ')}`);
  const base = await ensureEnv({ docker, options, recipe: baseRecipe, base: debian });
  // All at once: each waits for the network, then for a processor of its own.
  const builds = recipes
    .filter(({ image }) => stale.includes(image))
    .map((recipe) => buildOne({ docker, options, recipe, base }));
  for (const build of await Promise.allSettled(builds)) {
    if (build.status === 'rejected') throw build.reason;
  }
}
