import { expect, test } from '@jest/globals';
import { parseAuditRecord } from './audit-record.ts';

const HEAD = '5,123,99,-;audit: type=1326 audit(1795286697.597:6): auid=1000 uid=1000 gid=1000';
const TAIL = 'sig=0 arch=c000003e syscall=165 compat=0 ip=0x7f code=0x50000';

test('reads who was refused which call, and when', () => {
  expect(parseAuditRecord(`${HEAD} ses=5 pid=7 comm="mount" exe="/usr/bin/mount" ${TAIL}`)).toEqual(
    {
      session: '5',
      call: {
        ...{ id: '1795286697.597:6', at: '2026-11-21T18:44:57.597Z' },
        ...{ call: 'mount', program: 'mount', pid: 7 },
      },
    },
  );
});

test('takes no field from the name of a program', () => {
  const comm = Buffer.from('x" ses=1 pid=1').toString('hex').toUpperCase();
  const record = parseAuditRecord(`${HEAD} ses=5 pid=7 comm=${comm} exe="/x" ${TAIL}`);
  expect(record).toMatchObject({ session: '5', call: { program: 'x" ses=1 pid=1', pid: 7 } });
});

test('calls a call by its number where it has no name here', () => {
  const strange = TAIL.replace('syscall=165', 'syscall=999');
  const record = parseAuditRecord(`${HEAD} ses=5 pid=7 comm="x" exe="/x" ${strange}`);
  expect(record?.call.call).toBe('999');
  const arm = TAIL.replace('c000003e', 'c00000b7').replace('syscall=165', 'syscall=40');
  expect(parseAuditRecord(`${HEAD} ses=5 pid=7 comm="x" ${arm}`)?.call.call).toBe('mount');
});

test.each([
  ['another message', '6,1,1,-;idle-reclaim (88): drop_caches: 1'],
  ['a call that was allowed', `${HEAD} ses=5 pid=7 comm="x" ${TAIL.replace('50000', '7ffc0000')}`],
  [
    'a process that was killed',
    `${HEAD} ses=5 pid=7 comm="x" ${TAIL.replace('50000', '80000000')}`,
  ],
  ['a record of a later kernel', `${HEAD} pid=7 comm="x" ${TAIL}`],
  ['half a record', `${HEAD} ses=5 pid=`],
])('makes nothing of %s', (_title, line) => {
  expect(parseAuditRecord(line)).toBeNull();
});
