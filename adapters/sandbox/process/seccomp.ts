import { abiOf } from '../denials/calls.ts';
import {
  ALLOW,
  ARCH,
  EAFNOSUPPORT,
  ENOSYS,
  EPERM,
  FIRST_ARGUMENT,
  IF_ANY_BIT,
  IF_AT_LEAST,
  IF_EQUAL,
  KILL,
  LOAD,
  NEW_NAMESPACES,
  NUMBER,
  RETURN,
  encodeFilter,
  failWith,
  type Instruction,
} from '../denials/filter.ts';

const X32 = 0x40000000;
/** Unix, IPv4, IPv6 and netlink; not vsock, which reaches the host of a virtual machine. */
const FAMILIES = [1, 2, 10, 16];

/** A filter of system calls for `bwrap --seccomp`, in the kernel's binary form. */
export function seccompProgram(arch: string): Buffer {
  const abi = abiOf(arch);
  return encodeFilter([
    [LOAD, 0, 0, ARCH],
    [IF_EQUAL, 1, 0, abi.audit],
    [RETURN, 0, 0, KILL],
    [LOAD, 0, 0, NUMBER],
    [IF_AT_LEAST, 0, 1, X32],
    [RETURN, 0, 0, failWith(ENOSYS)],
    ...Object.values(abi.denied).flatMap((number): readonly Instruction[] => [
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
  ]);
}
