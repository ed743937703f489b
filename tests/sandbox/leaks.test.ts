import { expect, test } from '@jest/globals';
import { dockerForTests } from '../harness/docker.ts';
import { describeUnless } from '../harness/not-run.ts';
import { huntLeaks } from './leak-hunt.ts';

const { reason, socketPath, docker } = await dockerForTests(['base']);

/** `npm run bench -- sandbox --leaks` makes 200. */
const COUNT = 20;

describeUnless(reason, 'of sandboxes, however they end,', () => {
  test('no container, volume, process, socket, folder or control group is left', async () => {
    const log = (): void => undefined;
    const { made, leftovers } = await huntLeaks({ socketPath, docker, count: COUNT, log });
    expect(leftovers).toEqual([]);
    expect(made).toBeGreaterThan(COUNT);
  });
});
