import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { AppError } from '../contracts/app-error.ts';

/** A port to find for a server, remembered by name from start to start. */
export interface PortWish {
  readonly name: string;
  readonly wanted: number;
  /** Asked for by the operator: taken means failure, not another port. */
  readonly explicit?: boolean;
  /** Where the choice is kept. */
  readonly file: string;
  readonly log: (line: string) => void;
}

const TRIES = 100;
const HOST = '127.0.0.1';

/** The remembered port if free, else the wanted one, else the next free one, and says so. */
export async function choosePort(wish: PortWish): Promise<number> {
  if (wish.explicit === true) return explicitPort(wish);
  const remembered = readPorts(wish.file)[wish.name];
  const following = Array.from({ length: TRIES }, (_, index) => wish.wanted + index);
  const candidates = remembered === undefined ? following : [remembered, ...following];
  for (const port of candidates) {
    if (!(await isFree(port))) continue;
    if (port !== (remembered ?? wish.wanted)) {
      wish.log(`${wish.name}: port ${candidates[0]} is taken, using ${port}`);
    }
    remember(wish, port);
    return port;
  }
  const range = `${wish.wanted} to ${wish.wanted + TRIES - 1}`;
  throw new AppError('service.unavailable', `${wish.name}: no free port from ${range}.`);
}

/** True when a server could listen on that port of this machine now. */
export async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: HOST, port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

async function explicitPort(wish: PortWish): Promise<number> {
  if (await isFree(wish.wanted)) return wish.wanted;
  const sentence = `${wish.name}: port ${wish.wanted} was asked for and is taken; free it or ask for another.`;
  throw new AppError('service.unavailable', sentence);
}

function remember(wish: PortWish, port: number): void {
  const ports = readPorts(wish.file);
  if (ports[wish.name] === port) return;
  mkdirSync(dirname(wish.file), { recursive: true });
  writeFileSync(wish.file, JSON.stringify({ ...ports, [wish.name]: port }));
}

function readPorts(file: string): Readonly<Record<string, number>> {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value !== 'object' || value === null) return {};
    const entries = Object.entries(value).filter(([, port]) => Number.isInteger(port));
    return Object.fromEntries(entries.map(([name, port]) => [name, Number(port)]));
  } catch {
    return {};
  }
}
