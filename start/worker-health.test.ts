import { describe, expect, test } from '@jest/globals';
import { hasPolledLately } from './worker-health.ts';

const NOW = 1_800_000_000_000;

function poller(identity: string, secondsAgo: number) {
  return { identity, lastAccessTime: { seconds: NOW / 1_000 - secondsAgo } };
}

describe('a worker counts as polling', () => {
  test.each([
    ['when its host has polled a moment ago', [poller('1@box', 3)], true],
    ['when any process of its host has', [poller('1@box', 900), poller('7@box', 60)], true],
    ['not when the host polled long ago', [poller('1@box', 121)], false],
    ['not when only others poll', [poller('1@another-box', 1), poller('1@box2', 1)], false],
    ['not when nobody polls', [], false],
    ['not when Temporal says nothing', undefined, false],
  ])('%s', (_title, pollers, expected) => {
    expect(hasPolledLately(pollers, 'box', NOW)).toBe(expected);
  });
});
