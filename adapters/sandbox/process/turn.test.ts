import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { takeTurn } from './turn.ts';

test('waits for no turn in a folder that is gone', async () => {
  const root = await mkdtemp(path.join(tmpdir(), 'holdfast-turn-'));
  await takeTurn(root, 'key');
  const second = takeTurn(root, 'key');
  const failed = expect(second).rejects.toMatchObject({ code: 'ENOENT' });
  await rm(root, { recursive: true, force: true });
  await failed;
});
