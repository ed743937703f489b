import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { cacheFolder } from '../sandbox-images/manifest.ts';
import { isAlive } from '../test-docker/processes.ts';

/** A Neo4j that can be started, or why there is none. */
export type JarsAnswer =
  | { readonly kind: 'usable'; readonly folder: string }
  | { readonly kind: 'unusable'; readonly reason: string };

const POM = fileURLToPath(new URL('../../neo4j/pom.xml', import.meta.url));
const GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
const MIN_JAVA = 17;
const JAVA_MS = 20_000;
const MAVEN_MS = 300_000;
const DRAFT = '.draft-';

const execute = promisify(execFile);

/** Finds the jars in the cache; else, where Java and Maven are, gets them into it. */
export async function neo4jJars(
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<JarsAnswer> {
  const java = await javaVersion();
  if (java === null || java < MIN_JAVA) {
    const there = java === null ? 'no Java' : `Java ${java}`;
    return unusable(`NEO4J_URL is not set, and here is ${there} where Neo4j needs ${MIN_JAVA}`);
  }
  const folder = join(cacheFolder(env), `neo4j-${version()}`);
  if (existsSync(folder)) return { kind: 'usable', folder };
  try {
    await download(folder, say);
    return { kind: 'usable', folder };
  } catch (error) {
    const [line] = textOf(error).trim().split('\n', 1);
    return unusable(`NEO4J_URL is not set, and Maven cannot get Neo4j: ${line}`);
  }
}

async function download(folder: string, say: (line: string) => void): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  await removeDrafts(folder);
  const draft = `${folder}${DRAFT}${process.pid}`;
  say(`getting Neo4j ${version()} by Maven, about 120 MB, into ${folder}`);
  try {
    const options = ['-DincludeScope=runtime', `-DoutputDirectory=${draft}`];
    await execute('mvn', ['-q', '-B', '-f', POM, GOAL, ...options], { timeout: MAVEN_MS });
    // Whole or not at all; another process may have been faster.
    await rename(draft, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Of processes that were killed. */
async function removeDrafts(folder: string): Promise<void> {
  const prefix = `${basename(folder)}${DRAFT}`;
  for (const name of await readdir(dirname(folder))) {
    if (!name.startsWith(prefix) || isAlive(Number(name.slice(prefix.length)))) continue;
    await rm(join(dirname(folder), name), { recursive: true, force: true });
  }
}

async function javaVersion(): Promise<number | null> {
  try {
    const { stderr } = await execute('java', ['-version'], { timeout: JAVA_MS });
    const [, major] = /version "(\d+)/.exec(stderr) ?? [];
    return major === undefined ? null : Number(major);
  } catch {
    return null;
  }
}

function version(): string {
  const [, found] = /<artifactId>neo4j<\/artifactId>\s*<version>([^<]+)</.exec(read()) ?? [];
  if (found === undefined) throw new Error(`${POM} names no version of Neo4j`);
  return found;
}

function read(): string {
  return readFileSync(POM, 'utf8');
}

function textOf(error: unknown): string {
  // Maven says what is wrong on its standard output.
  if (error instanceof Error && 'stdout' in error && typeof error.stdout === 'string') {
    return error.stdout === '' ? error.message : error.stdout;
  }
  return String(error);
}

function unusable(reason: string): JarsAnswer {
  return { kind: 'unusable', reason };
}
