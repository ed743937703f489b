/**
 * The images that agents' code runs in.
 *   npm run sandbox-images -- build [--from registry|debootstrap] [--fresh] [IMAGE...]
 *   npm run sandbox-images -- list | remove
 */
import { parseArgs } from 'node:util';
import { SANDBOX_IMAGES } from '../contracts/sandbox.ts';
import type { SandboxImage } from '../contracts/sandbox.ts';
import { buildImages, presentImages } from './sandbox-images/build.ts';
import { BASE_SOURCES } from './sandbox-images/debian-base.ts';
import type { BaseSource } from './sandbox-images/debian-base.ts';
import { connect, findSocket } from './sandbox-images/docker-connection.ts';
import { cacheFolder, listImages, removeImages, writeManifest } from './sandbox-images/manifest.ts';

const USAGE = `Usage: npm run sandbox-images -- build [--from ${BASE_SOURCES.join('|')}] [--fresh] [${SANDBOX_IMAGES.join('|')}]...
       npm run sandbox-images -- list | remove`;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function readFrom(value: string | undefined): BaseSource | undefined {
  if (value === undefined) return undefined;
  const source = BASE_SOURCES.find((name) => name === value);
  if (source === undefined) throw new Error(`--from ${value} is unknown.\n${USAGE}`);
  return source;
}

function readImages(names: readonly string[]): readonly SandboxImage[] {
  if (names.length === 0) return SANDBOX_IMAGES;
  return names.map((name) => {
    const image = SANDBOX_IMAGES.find((known) => known === name);
    if (image === undefined) throw new Error(`There is no image ${name}.\n${USAGE}`);
    return image;
  });
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { from: { type: 'string' }, fresh: { type: 'boolean', default: false } },
  });
  const [command, ...names] = positionals;
  const from = readFrom(values.from);
  const images = readImages(names);
  if (command !== 'build' && command !== 'list' && command !== 'remove') throw new Error(USAGE);
  const socket = await findSocket(process.env);
  if (socket === undefined) {
    throw new Error('No Docker daemon answers here: start one, or set DOCKER_HOST=unix://SOCKET.');
  }
  const docker = connect(socket);
  if (command === 'build') {
    await buildImages(docker, {
      images,
      fresh: values.fresh,
      say,
      ...(from === undefined ? {} : { from }),
    });
    for (const { name } of await presentImages(docker)) say(name);
    say(`manifest: ${await writeManifest(docker, cacheFolder(process.env))}`);
  } else if (command === 'list') {
    for (const { names: tags, id, sizeBytes } of await listImages(docker)) {
      say(`${(sizeBytes / 1e6).toFixed(0).padStart(6)} MB  ${tags.join('  ') || id}`);
    }
  } else {
    const kept = await removeImages(docker);
    for (const name of kept) say(`${name} stays: something uses it`);
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
