/** Does what a parser must never do, as its input says, and answers with how far it came. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { isOutOfRoom } from './out-of-room.ts';
import { Worker } from 'node:worker_threads';

type Deed = () => unknown;

let port = '0';
const kept: unknown[] = [];
const FUNCTION = (() => 0).constructor as new (text: string) => unknown;
const ENVIRONMENT = Reflect.get(process, 'env') as Readonly<Record<string, string>>;
/** What a shell sets by itself. */
const OF_SHELL = ['PWD', 'SHLVL', '_', 'OLDPWD'];

const DEEDS: Readonly<Record<string, Deed>> = {
  'read a secret': () => readFileSync('/etc/hostname', 'utf8'),
  'write a file': () => {
    writeFileSync('/tmp/holdfast-parser-was-here', 'x');
  },
  'start a process': () => execFileSync('/bin/true'),
  'start a thread': () => new Worker('1', { eval: true }),
  'evaluate text': (): unknown => Reflect.construct(FUNCTION, ['return 1']),
  'see the environment': () => {
    if (Object.keys(ENVIRONMENT).every((name) => OF_SHELL.includes(name))) {
      throw new Error('empty');
    }
  },
  'fill the heap': () => {
    for (;;) kept.push(Array.from({ length: 10_000 }, (_, index) => ({ index })));
  },
  'fill buffers': () => {
    for (;;) kept.push(Buffer.alloc(8 * 1024 * 1024, 1));
  },
  'run for ever': () => {
    for (;;) kept.length = 0;
  },
  'talk for ever': () => {
    const talk = (): void => {
      process.stdout.write('x'.repeat(65_536), talk);
    };
    talk();
    return new Promise(() => setInterval(() => undefined, 1_000));
  },
  'talk nonsense': () => {
    process.stdout.write('nonsense', () => process.exit(0));
    return new Promise(() => undefined);
  },
  'use the network': () =>
    new Promise((resolve, reject) => {
      connect(Number(port), '127.0.0.1').on('connect', resolve).on('error', reject);
    }),
};

const parts: Buffer[] = [];
for await (const part of process.stdin) parts.push(part as Buffer);
const deed = Buffer.concat(parts).toString().split('\n')[1] ?? '';
let message = 'it could';
try {
  const [name = '', argument] = deed.split(':');
  port = argument ?? port;
  await DEEDS[name]?.();
} catch (error) {
  if (isOutOfRoom(error)) throw error;
  message = `refused: ${error instanceof Error ? error.message : ''}`;
}
const failure = { code: 'knowledge.unreadable', message };
process.stdout.write(JSON.stringify({ failure }), () => process.exit(0));
