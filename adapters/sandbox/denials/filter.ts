import { abiOf, toldCalls } from './calls.ts';

/** An instruction of a filter of system calls. */
export type Instruction = readonly [
  code: number,
  jumpTrue: number,
  jumpFalse: number,
  value: number,
];

export const LOAD = 0x20;
export const IF_EQUAL = 0x15;
export const IF_AT_LEAST = 0x35;
export const IF_ANY_BIT = 0x45;
export const RETURN = 0x06;
/** Where they are in what a filter looks at. */
export const [NUMBER, ARCH, FIRST_ARGUMENT] = [0, 4, 16] as const;
export const ALLOW = 0x7fff0000;
export const KILL = 0x80000000;
export const failWith = (errno: number) => 0x00050000 | errno;
export const [EPERM, ENOSYS, EAFNOSUPPORT] = [1, 38, 97] as const;
/** Of `clone`, each of which asks for a namespace. */
export const NEW_NAMESPACES = 0x7e020000;

/** Where the runner finds `tellingFilter`; runners that do not know it do without. */
export const TELL_VARIABLE = 'HOLDFAST_TELL_DENIED';

/** In the kernel's binary form. */
export function encodeFilter(program: readonly Instruction[]): Buffer {
  return Buffer.concat(program.map(encode));
}

/**
 * What the runner needs to have the kernel write down refused calls: the number of `seccomp`, a
 * colon, and a filter in hex that refuses nothing which the one below it does not. Of two filters
 * that refuse a call, the later one decides whether that is written down.
 */
export function tellingFilter(arch: string, refuser: 'docker' | 'ours'): string {
  const abi = abiOf(arch);
  const refuse: Instruction = [RETURN, 0, 0, failWith(EPERM)];
  const filter = encodeFilter([
    [LOAD, 0, 0, ARCH],
    [IF_EQUAL, 1, 0, abi.audit],
    [RETURN, 0, 0, ALLOW],
    [LOAD, 0, 0, NUMBER],
    ...toldCalls(abi, refuser).flatMap((number): readonly Instruction[] => [
      [IF_EQUAL, 0, 1, number],
      refuse,
    ]),
    [IF_EQUAL, 0, 3, abi.clone],
    [LOAD, 0, 0, FIRST_ARGUMENT],
    [IF_ANY_BIT, 0, 1, NEW_NAMESPACES],
    refuse,
    [RETURN, 0, 0, ALLOW],
  ]);
  return `${abi.seccomp}:${filter.toString('hex')}`;
}

function encode([code, jumpTrue, jumpFalse, value]: Instruction): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(jumpTrue, 2);
  bytes.writeUInt8(jumpFalse, 3);
  bytes.writeUInt32LE(value >>> 0, 4);
  return bytes;
}
