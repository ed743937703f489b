import { AppError } from '../../../contracts/app-error.ts';

/** Numbers of a system's calls, and what it calls itself. */
interface Abi {
  readonly audit: number;
  readonly clone: number;
  readonly clone3: number;
  readonly socket: number;
  /** Calls that no program of an agent needs and that kernels had holes in. */
  readonly denied: readonly number[];
}

/**
 * Denied on both: mount and its kin, tracing, keys, bpf, namespaces, modules, reboot, swap, io_uring,
 * userfaultfd, perf events, handles to files.
 */
const ABIS: Readonly<Partial<Record<string, Abi>>> = {
  x64: {
    ...{ audit: 0xc000003e, clone: 56, clone3: 435, socket: 41 },
    denied: [
      ...[101, 155, 161, 163, 165, 166, 167, 168, 169, 175, 176, 246, 248, 249, 250, 272, 298],
      ...[303, 304, 308, 310, 311, 313, 320, 321, 323, 425, 426, 427],
      ...[428, 429, 430, 431, 432, 433, 442],
    ],
  },
  arm64: {
    ...{ audit: 0xc00000b7, clone: 220, clone3: 435, socket: 198 },
    denied: [
      ...[39, 40, 41, 51, 89, 97, 104, 105, 106, 117, 142, 217, 218, 219, 224, 225, 241],
      ...[264, 265, 268, 270, 271, 273, 280, 282, 294, 425, 426, 427],
      ...[428, 429, 430, 431, 432, 433, 442],
    ],
  },
};

const NEW_NAMESPACES = 0x7e020000;
const X32 = 0x40000000;
/** Unix, IPv4, IPv6 and netlink; not vsock, which reaches the host of a virtual machine. */
const FAMILIES = [1, 2, 10, 16];

const LOAD = 0x20;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const IF_ANY_BIT = 0x45;
const RETURN = 0x06;
const [NUMBER, ARCH, FIRST_ARGUMENT] = [0, 4, 16];
const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const failWith = (errno: number) => 0x00050000 | errno;
const [EPERM, ENOSYS, EAFNOSUPPORT] = [1, 38, 97];

type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, value: number];

/** A filter of system calls for `bwrap --seccomp`, in the kernel's binary form. */
export function seccompProgram(arch: string): Buffer {
  const abi = ABIS[arch];
  if (abi === undefined) {
    throw new AppError('sandbox.level_unavailable', `no filter of system calls for ${arch}`);
  }
  const program: readonly Instruction[] = [
    [LOAD, 0, 0, ARCH],
    [IF_EQUAL, 1, 0, abi.audit],
    [RETURN, 0, 0, KILL],
    [LOAD, 0, 0, NUMBER],
    [IF_AT_LEAST, 0, 1, X32],
    [RETURN, 0, 0, failWith(ENOSYS)],
    ...abi.denied.flatMap((number): readonly Instruction[] => [
      [IF_EQUAL, 0, 1, number],
      [RETURN, 0, 0, failWith(EPERM)],
    ]),
    // Its flags are in memory, where no filter can look: libraries fall back to clone.
    [IF_EQUAL, 0, 1, abi.clone3],
    [RETURN, 0, 0, failWith(ENOSYS)],
    [IF_EQUAL, 0, 4, abi.clone],
    [LOAD, 0, 0, FIRST_ARGUMENT],
    [IF_ANY_BIT, 0, 1, NEW_NAMESPACES],
    [RETURN, 0, 0, failWith(EPERM)],
    [RETURN, 0, 0, ALLOW],
    [IF_EQUAL, 0, 2 + FAMILIES.length, abi.socket],
    [LOAD, 0, 0, FIRST_ARGUMENT],
    ...FAMILIES.map((family, at): Instruction => [IF_EQUAL, FAMILIES.length - at, 0, family]),
    [RETURN, 0, 0, failWith(EAFNOSUPPORT)],
    [RETURN, 0, 0, ALLOW],
  ];
  return Buffer.concat(program.map(encode));
}

function encode([code, jumpTrue, jumpFalse, value]: Instruction): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(jumpTrue, 2);
  bytes.writeUInt8(jumpFalse, 3);
  bytes.writeUInt32LE(value >>> 0, 4);
  return bytes;
}
