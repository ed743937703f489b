import { expect, test } from '@jest/globals';
import { ensureDocker } from './ensure-docker.ts';

test.each([
  [{ HOLDFAST_TEST_DOCKER: 'none' }, 'HOLDFAST_TEST_DOCKER=none rules Docker out'],
  [
    { DOCKER_HOST: 'unix:///nonexistent/docker.sock' },
    'no Docker daemon answers at /nonexistent/docker.sock',
  ],
  [{ DOCKER_HOST: 'tcp://127.0.0.1:1' }, 'no Docker daemon answers at DOCKER_HOST'],
])('with %j there is no Docker, for a reason', async (env, reason) => {
  const own = { folder: '/nonexistent', user: process.pid };
  const answer = ensureDocker({ env, own, say: () => undefined });
  await expect(answer).resolves.toEqual({ kind: 'unusable', reason });
});
