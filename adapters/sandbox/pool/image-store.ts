import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { randomUUID } from 'node:crypto';
import type { SandboxImage } from '../../../contracts/sandbox.ts';
import type Docker from 'dockerode';

/** One of our images on this machine, in all its versions. */
export interface StoredImage {
  readonly name: string;
  readonly tags: readonly string[];
  /** As Docker lists it: layers that images share count for each of them. */
  readonly sizeBytes: number;
  /** ISO 8601; when it was made, if it was never used. */
  readonly lastUsedAt: string;
  /** Some container, running or not, was made from it. */
  readonly isUsed: boolean;
}

/** Knows when our images were used last, which Docker does not, and makes room. */
export interface ImageStore {
  /** Notes that a sandbox is made from it now. */
  touch(image: SandboxImage): Promise<void>;
  list(): Promise<readonly StoredImage[]>;
  /** Removes those used longest ago until all fit into the budget; never used or pinned ones. */
  evict(budgetBytes: number): Promise<readonly string[]>;
}

/** Where images are, and which must stay. */
export interface ImageStoreOptions {
  readonly docker: Docker;
  /** Keeps the times of last use. */
  readonly file: string;
  /** Beginning of the names of our images; `holdfast-sandbox-` by default. */
  readonly prefix?: string;
  readonly pinned: readonly SandboxImage[];
  readonly now?: () => Date;
}

const PREFIX = 'holdfast-sandbox-';

type Times = Readonly<Record<string, string>>;

async function readTimes(file: string): Promise<Times> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Times;
  } catch {
    // Without it, images count as used when they were made.
    return {};
  }
}

async function writeTimes(file: string, times: Times): Promise<void> {
  const draft = `${file}.${randomUUID()}.tmp`;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(draft, JSON.stringify(times));
  await rename(draft, file);
}

function nameOf(tag: string): string {
  return tag.slice(0, tag.lastIndexOf(':'));
}

function latest(texts: readonly string[]): string {
  return texts.reduce((a, b) => (a > b ? a : b), '');
}

/** All versions of one image are kept or go together. */
function toStored(name: string, found: readonly Docker.ImageInfo[], context: Context): StoredImage {
  const made = found.map((image) => new Date(image.Created * 1000).toISOString());
  return {
    name,
    tags: found.flatMap((image) => (image.RepoTags ?? []).filter((tag) => nameOf(tag) === name)),
    sizeBytes: Math.max(...found.map((image) => image.Size)),
    lastUsedAt: context.times[name] ?? latest(made),
    isUsed: found.some((image) => context.usedIds.has(image.Id)),
  };
}

interface Context {
  readonly times: Times;
  readonly usedIds: ReadonlySet<string>;
}

/** Keeps track of our images of one daemon. */
export function createImageStore(options: ImageStoreOptions): ImageStore {
  const { docker, file, prefix = PREFIX } = options;
  const now = options.now ?? (() => new Date());
  const pinned = new Set(options.pinned.map((image) => prefix + image));
  let writing: Promise<unknown> = Promise.resolve();

  const list = async (): Promise<readonly StoredImage[]> => {
    const [images, containers, times] = await Promise.all([
      docker.listImages({ filters: { reference: [`${prefix}*`] } }),
      docker.listContainers({ all: true }),
      readTimes(file),
    ]);
    const usedIds = new Set(containers.map((container) => container.ImageID));
    const byName = new Map<string, Docker.ImageInfo[]>();
    for (const image of images) {
      for (const name of new Set((image.RepoTags ?? []).map(nameOf))) {
        if (!name.startsWith(prefix)) continue;
        byName.set(name, [...(byName.get(name) ?? []), image]);
      }
    }
    return [...byName].map(([name, found]) => toStored(name, found, { times, usedIds }));
  };
  /** False when Docker would not: a container was made from it in the meantime. */
  const remove = async (image: StoredImage): Promise<boolean> => {
    const outcomes = await Promise.allSettled(
      image.tags.map((tag) => docker.getImage(tag).remove()),
    );
    return outcomes.every(({ status }) => status === 'fulfilled');
  };
  return {
    list,
    touch: (image) => {
      const next = writing.then(async () => {
        const times = await readTimes(file);
        await writeTimes(file, { ...times, [prefix + image]: now().toISOString() });
      });
      writing = next.catch(() => undefined);
      return next;
    },
    evict: async (budgetBytes) => {
      const images = await list();
      let total = images.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
      const candidates = images
        .filter(({ name, isUsed }) => !isUsed && !pinned.has(name))
        .sort((a, b) => a.lastUsedAt.localeCompare(b.lastUsedAt));
      const evicted: string[] = [];
      for (const image of candidates) {
        if (total <= budgetBytes) break;
        if (!(await remove(image))) continue;
        evicted.push(image.name);
        total -= image.sizeBytes;
      }
      return evicted;
    },
  };
}
