import { expect, test } from '@jest/globals';
import { API_TIMING } from './deps.ts';
import { createFeeds, type Feeds } from './event-feed.ts';
import type { StreamEvent } from '../contracts/event.ts';

const REF = { workspaceId: 'ws_1', id: 'run_1' };
const START = { seq: 0, sub: 0 };
const NEVER = new AbortController().signal;

interface World {
  readonly feeds: Feeds<readonly StreamEvent[]>;
  readonly notify: (mayHaveEnded?: boolean) => void;
  readonly reads: () => number;
  readonly listeners: () => number;
  /** Lets the reads that were begun answer. */
  readonly answer: () => void;
}

function createWorld(): World {
  const listeners = new Set<(mayHaveEnded: boolean) => void>();
  const pending: (() => void)[] = [];
  let reads = 0;
  const read = () => {
    reads += 1;
    return new Promise<readonly StreamEvent[]>((resolve) => {
      pending.push(() => {
        resolve([]);
      });
    });
  };
  const feeds = createFeeds({
    read,
    listener: {
      subscribe: (_runId, onChange) => {
        listeners.add(onChange);
        return () => listeners.delete(onChange);
      },
    },
    timing: { ...API_TIMING, pollMs: 60_000, maxPollMs: 60_000 },
  });
  return {
    feeds,
    reads: () => reads,
    listeners: () => listeners.size,
    notify: (mayHaveEnded = false) => {
      for (const listener of listeners) listener(mayHaveEnded);
    },
    answer: () => {
      for (const resolve of pending.splice(0)) resolve();
    },
  };
}

test('reads once for followers who stand at the same place', async () => {
  const world = createWorld();
  const [first, second] = [world.feeds.follow(REF), world.feeds.follow(REF)];
  const both = Promise.all([first.read(START, 10), second.read(START, 10)]);
  world.answer();
  await both;
  expect(world.reads()).toBe(1);
  expect(world.listeners()).toBe(1);
  first[Symbol.dispose]();
  second[Symbol.dispose]();
});

test('reads anew for a follower who comes after a change', async () => {
  const world = createWorld();
  const [first, second] = [world.feeds.follow(REF), world.feeds.follow(REF)];
  const before = first.read(START, 10);
  world.notify();
  const after = second.read(START, 10);
  world.answer();
  await Promise.all([before, after]);
  expect(world.reads()).toBe(2);
  first[Symbol.dispose]();
  second[Symbol.dispose]();
});

test('does not lose a change that comes while a follower reads', async () => {
  const world = createWorld();
  const follower = world.feeds.follow(REF);
  const read = follower.read(START, 10);
  world.notify();
  world.answer();
  await read;
  await follower.changed(NEVER);
  follower[Symbol.dispose]();
});

test('does not lose a change that comes before the first look', async () => {
  const world = createWorld();
  const follower = world.feeds.follow(REF);
  world.notify();
  await follower.changed(NEVER);
  follower[Symbol.dispose]();
});

test('wakes every follower once per change, and on request', async () => {
  const world = createWorld();
  const [first, second] = [world.feeds.follow(REF), world.feeds.follow(REF)];
  const woken = Promise.all([first.changed(NEVER), second.changed(NEVER)]);
  world.notify();
  await woken;
  const stop = new AbortController();
  const waiting = first.changed(stop.signal);
  stop.abort();
  await waiting;
  await second.changed(NEVER, 1);
  first[Symbol.dispose]();
  second[Symbol.dispose]();
});

test('wakes those who wait for the end only when the run may have ended', async () => {
  const world = createWorld();
  const follower = world.feeds.follow(REF);
  let hasEnded = false;
  const waiting = follower.ended(NEVER).then(() => {
    hasEnded = true;
  });
  world.notify();
  await follower.changed(NEVER);
  await new Promise((resolve) => setImmediate(resolve));
  expect(hasEnded).toBe(false);
  world.notify(true);
  await waiting;
  follower[Symbol.dispose]();
});

test('does not lose an end that comes before it is waited for', async () => {
  const world = createWorld();
  const follower = world.feeds.follow(REF);
  world.notify(true);
  await follower.ended(NEVER);
  follower[Symbol.dispose]();
});

test('stops listening when the last follower leaves', () => {
  const world = createWorld();
  const [first, second] = [world.feeds.follow(REF), world.feeds.follow(REF)];
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  expect(world.listeners()).toBe(1);
  second[Symbol.dispose]();
  expect(world.listeners()).toBe(0);
  const again = world.feeds.follow(REF);
  expect(world.listeners()).toBe(1);
  again[Symbol.dispose]();
});
