import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LABELS, presentImages } from './build.ts';
import type Docker from 'dockerode';

/** Folder where this machine keeps what it can make again. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const given = env.HOLDFAST_CACHE_DIR ?? '';
  if (given !== '') return given;
  return join(env.XDG_CACHE_HOME ?? join(env.HOME ?? '/tmp', '.cache'), 'holdfast');
}

/** Writes down which images are here, and answers with the file's path. */
export async function writeManifest(docker: Docker, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'sandbox-images.json');
  const images = await presentImages(docker);
  await writeFile(file, `${JSON.stringify({ version: 1, images }, null, 2)}\n`);
  return file;
}

/** An image of ours as the daemon has it. */
export interface ListedImage {
  readonly id: string;
  readonly names: readonly string[];
  readonly sizeBytes: number;
}

/** All images made here, their unfinished stages and the Debian below them included. */
export async function listImages(docker: Docker): Promise<readonly ListedImage[]> {
  const all = await docker.listImages();
  return all.flatMap(({ Id, RepoTags, Size, Labels }) => {
    // Null where an image has none, whatever the library says.
    const names = ((RepoTags as string[] | null) ?? []).filter((name) =>
      name.startsWith('holdfast-sandbox-'),
    );
    const untagged = ((Labels as Record<string, string> | null) ?? {})[LABELS.image];
    if (names.length === 0 && untagged === undefined) return [];
    return [{ id: Id, names, sizeBytes: Size }];
  });
}

/** Removes them all; one that a container uses stays, and its name comes back. */
export async function removeImages(docker: Docker): Promise<readonly string[]> {
  const kept: string[] = [];
  const images = await listImages(docker);
  // What builds on others goes first, which several rounds see to.
  const names = images.flatMap((image) => (image.names.length === 0 ? [image.id] : image.names));
  let left = names;
  for (let round = 0; round < 3 && left.length > 0; round += 1) {
    const next: string[] = [];
    for (const name of left) {
      await docker
        .getImage(name)
        .remove()
        .catch(() => next.push(name));
    }
    left = next;
  }
  kept.push(...left);
  return kept;
}
