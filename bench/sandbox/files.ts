import { repeat, timed, type Samples } from './samples.ts';
import { runWhole } from './commands.ts';
import type { Sandbox } from '../../adapters/sandbox/port.ts';

const MIB = 1024 * 1024;
const LARGE_BYTES = 32 * MIB;
const SMALL_BYTES = 2_000;
const MANY = 500;

/** Files through the runner: one large one, small ones, and a listing of many. */
export async function measureFiles(sandbox: Sandbox, rounds: number): Promise<readonly Samples[]> {
  const { files } = sandbox;
  const large = Buffer.alloc(LARGE_BYTES, 'holdfast');
  const small = Buffer.alloc(SMALL_BYTES, 'x');
  const perSecond = async (work: () => Promise<unknown>): Promise<number> =>
    LARGE_BYTES / 1e6 / ((await timed(work)) / 1000);
  const writes = await repeat(rounds, () => perSecond(() => files.write('large', large)));
  const reads = await repeat(rounds, () => perSecond(() => files.read('large')));
  const smallWrites = await repeat(10 * rounds, (n) =>
    timed(() => files.write(`small/${n}`, small)),
  );
  const smallReads = await repeat(10 * rounds, (n) => timed(() => files.read(`small/${n}`)));
  await files.remove('');
  const fill = `mkdir d; for i in $(seq ${MANY}); do head -c 10000 /dev/zero > d/$i; done`;
  await runWhole(sandbox, ['sh', '-c', fill]);
  const first = await timed(() => files.list());
  const again = await repeat(rounds, () => timed(() => files.list()));
  await files.remove('');
  return [
    { what: 'write a file of 32 MiB', unit: 'MB/s', values: writes },
    { what: 'read a file of 32 MiB', unit: 'MB/s', values: reads },
    { what: 'write a file of 2 kB', unit: 'ms', values: smallWrites },
    { what: 'read a file of 2 kB', unit: 'ms', values: smallReads },
    { what: `list ${MANY} new files with hashes`, unit: 'ms', values: [first] },
    { what: `list ${MANY} known files with hashes`, unit: 'ms', values: again },
  ];
}
