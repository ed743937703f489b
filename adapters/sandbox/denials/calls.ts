import { AppError } from '../../../contracts/app-error.ts';

/**
 * Calls that no program of an agent needs and that kernels had holes in: mount and its kin, tracing,
 * keys, bpf, namespaces, modules, reboot, swap, io_uring, userfaultfd, perf events, handles to
 * files. Each with its number on x64 and on arm64.
 */
const DENIED = {
  ptrace: [101, 117],
  pivot_root: [155, 41],
  chroot: [161, 51],
  acct: [163, 89],
  mount: [165, 40],
  umount2: [166, 39],
  swapon: [167, 224],
  swapoff: [168, 225],
  reboot: [169, 142],
  init_module: [175, 105],
  delete_module: [176, 106],
  kexec_load: [246, 104],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  unshare: [272, 97],
  perf_event_open: [298, 241],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  setns: [308, 268],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  finit_module: [313, 273],
  kexec_file_load: [320, 294],
  bpf: [321, 280],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
} as const satisfies Readonly<Record<string, readonly [x64: number, arm64: number]>>;

type DeniedName = keyof typeof DENIED;

/** Numbers of a system's calls, and what it calls itself. */
export interface Abi {
  readonly audit: number;
  readonly clone: number;
  readonly clone3: number;
  readonly socket: number;
  readonly seccomp: number;
  readonly denied: Readonly<Record<DeniedName, number>>;
}

/** Runtimes try these whenever they start, and do without. */
const USUAL: readonly DeniedName[] = ['io_uring_setup', 'io_uring_enter', 'io_uring_register'];
/** What Docker's own filter allows in one version or another. */
const MAYBE_OF_DOCKER: readonly DeniedName[] = [
  ...(['ptrace', 'process_vm_readv', 'process_vm_writev', 'name_to_handle_at'] as const),
];

const numbersOf = (column: 0 | 1) =>
  Object.fromEntries(
    Object.entries(DENIED).map(([name, numbers]) => [name, numbers[column]]),
  ) as Record<DeniedName, number>;

const ABIS: Readonly<Partial<Record<string, Abi>>> = {
  x64: {
    ...{ audit: 0xc000003e, clone: 56, clone3: 435, socket: 41, seccomp: 317 },
    denied: numbersOf(0),
  },
  arm64: {
    ...{ audit: 0xc00000b7, clone: 220, clone3: 435, socket: 198, seccomp: 277 },
    denied: numbersOf(1),
  },
};

/** Throws `sandbox.level_unavailable` for an architecture that is not known here. */
export function abiOf(arch: string): Abi {
  const abi = ABIS[arch];
  if (abi !== undefined) return abi;
  throw new AppError('sandbox.level_unavailable', `no filter of system calls for ${arch}`);
}

/** Numbers of the calls that are worth telling of, each of which is refused anyway. */
export function toldCalls(abi: Abi, refuser: 'docker' | 'ours'): readonly number[] {
  const untold = refuser === 'docker' ? [...USUAL, ...MAYBE_OF_DOCKER] : USUAL;
  return Object.entries(abi.denied)
    .filter(([name]) => !untold.some((one) => one === name))
    .map(([, number]) => number);
}

/** Name of a call, by what its system calls itself; its number where that is not known. */
export function nameOfCall(audit: number, number: number): string {
  const abi = Object.values(ABIS).find((one) => one?.audit === audit);
  if (abi === undefined) return String(number);
  if (number === abi.clone) return 'clone';
  const found = Object.entries(abi.denied).find(([, known]) => known === number);
  return found?.[0] ?? String(number);
}
