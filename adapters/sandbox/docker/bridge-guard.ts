import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { AppError } from '../../../contracts/app-error.ts';
import { messageOf } from './docker-errors.ts';

/** A bridge of this machine, and the only place on it that a sandbox may speak to. */
export interface GuardedBridge {
  readonly bridge: string;
  readonly gateway: string;
  readonly port: number;
}

/** What keeps the host closed to the bridges of sandboxes. */
export interface Firewall {
  guard(bridge: GuardedBridge): Promise<void>;
  unguard(bridge: GuardedBridge): Promise<void>;
}

type Program = 'iptables' | 'ip6tables';
type Rule = readonly string[];

const run = promisify(execFile);
const FOLDERS = ['/usr/sbin', '/sbin', '/usr/local/sbin', '/usr/bin'];
const LIMIT_MS = 10_000;
const WAIT = ['-w', '5'];

async function call(program: Program, args: readonly string[]): Promise<void> {
  const file = FOLDERS.map((folder) => `${folder}/${program}`).find((found) => existsSync(found));
  if (file === undefined) throw new Error(`${program} is not installed`);
  await run(file, [...WAIT, ...args], { timeout: LIMIT_MS });
}

/** In the order in which they are put in front of all others: the last one is asked first. */
function rulesOf({ bridge, gateway, port }: GuardedBridge): Readonly<Record<Program, Rule[]>> {
  const closed: Rule[] = [
    ['FORWARD', '-o', bridge, '-j', 'DROP'],
    ['FORWARD', '-i', bridge, '-j', 'DROP'],
    ['INPUT', '-i', bridge, '-j', 'DROP'],
  ];
  const proxy = ['-d', gateway, '-p', 'tcp', '--dport', String(port)];
  return {
    ip6tables: closed,
    iptables: [
      ...closed,
      // The proxy is this sandbox's, and nobody else's on this machine or around it.
      ['INPUT', '!', '-i', bridge, '-d', gateway, '-j', 'DROP'],
      ['INPUT', '-i', bridge, ...proxy, '-j', 'ACCEPT'],
    ],
  };
}

function programs(): readonly Program[] {
  return existsSync('/proc/net/if_inet6') ? ['ip6tables', 'iptables'] : ['iptables'];
}

async function holds(program: Program, rule: Rule): Promise<boolean> {
  return call(program, ['-C', ...rule]).then(
    () => true,
    () => false,
  );
}

/**
 * Closes the host, and everything behind it, to what is on a bridge, except for one port. Throws
 * `sandbox.unavailable` where this process may not, or there is no such bridge on this machine; what
 * it could set stays.
 */
async function guardBridge(guarded: GuardedBridge): Promise<void> {
  try {
    if (!existsSync(`/sys/class/net/${guarded.bridge}`)) {
      throw new Error('the Docker daemon is on another machine');
    }
    const rules = rulesOf(guarded);
    for (const program of programs()) {
      for (const rule of rules[program]) {
        if (!(await holds(program, rule))) await call(program, ['-I', ...rule]);
      }
    }
  } catch (cause) {
    const lines = messageOf(cause).trim().split('\n');
    throw new AppError(
      'sandbox.unavailable',
      `A sandbox without sockets reaches the network only behind a rule of the host's firewall, which cannot be set here: ${lines.at(-1) ?? ''}. Run the worker as root on the machine of the Docker daemon, with iptables, or allow no hosts.`,
      { cause },
    );
  }
}

/** Takes the rules back; nothing to do is success. */
async function unguardBridge(guarded: GuardedBridge): Promise<void> {
  const rules = rulesOf(guarded);
  for (const program of programs()) {
    for (const rule of [...rules[program]].reverse()) {
      await call(program, ['-D', ...rule]).catch(() => undefined);
    }
  }
}

/** The firewall of this machine, by iptables. */
export const HOST_FIREWALL: Firewall = { guard: guardBridge, unguard: unguardBridge };
