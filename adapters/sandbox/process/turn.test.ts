import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { takeTurn } from './turn.ts';

test('waits for no turn in a folder that is gone', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'holdfast-turn-'));
  await takeTurn(root, 'key');
  const second = expect(takeTurn(root, 'key')).rejects.toMatchObject({ code: 'ENOENT' });
  while (!(await readdir(root)).some((name) => name.endsWith('.tmp'))) await sleep(1);
  // In one step, since the second one writes into it.
  await rename(root, `${root}-gone`);
  await second;
  await rm(`${root}-gone`, { recursive: true });
});
