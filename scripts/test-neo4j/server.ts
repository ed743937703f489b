import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A Neo4j of our own on loopback, whose data goes when it stops. */
export interface Neo4jServer {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

const LAUNCH = fileURLToPath(new URL('../../neo4j/Launch.java', import.meta.url));
const START_MS = 180_000;
const STOP_MS = 20_000;
const PASSWORD_BYTES = 16;
const LOG_LINES = 40;
/** A small heap and quick compilation: it serves few and not for long. */
const FLAGS = [
  ...['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
  '--add-opens=java.base/java.nio=ALL-UNNAMED',
  '--add-opens=java.base/java.io=ALL-UNNAMED',
  '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
];

/** Starts a server from a folder of jars, and waits until it answers. */
export async function startNeo4j(jars: string): Promise<Neo4jServer> {
  const data = await mkdtemp(join(tmpdir(), 'holdfast-neo4j-'));
  const password = randomBytes(PASSWORD_BYTES).toString('hex');
  const child = spawn('java', [...FLAGS, '-cp', join(jars, '*'), LAUNCH, data], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const stop = async (): Promise<void> => {
    await end(child);
    await rm(data, { recursive: true, force: true });
  };
  // It ends when its input does, also when this process is killed.
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${password}\n`);
  try {
    const port = await portOf(child);
    const url = `bolt://127.0.0.1:${port}`;
    return { url, user: 'neo4j', password, pid: child.pid ?? 0, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function portOf(child: ChildProcess): Promise<number> {
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    const fail = (what: string): void =>
      reject(new Error(`Neo4j ${what}:\n${lines.slice(-LOG_LINES).join('\n')}`));
    const timer = setTimeout(() => fail('was not ready in time'), START_MS);
    child.once('error', (error) => fail(`does not start (${error.message})`));
    child.once('exit', () => {
      clearTimeout(timer);
      fail('ended');
    });
    for (const input of [child.stdout, child.stderr]) {
      if (input === null) continue;
      createInterface({ input }).on('line', (line) => {
        lines.push(line);
        const [, port] = /^bolt port (\d+)$/.exec(line) ?? [];
        if (port === undefined) return;
        clearTimeout(timer);
        resolve(Number(port));
      });
    }
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.stdin?.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}
