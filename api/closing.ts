import { setMaxListeners } from 'node:events';
import type { Express } from 'express';

const CLOSINGS = new WeakMap<Express, AbortController>();

/** Fires when the process that serves the app is about to end: streams and waits finish then. */
export function closingOf(app: Express): AbortController {
  const known = CLOSINGS.get(app);
  if (known !== undefined) return known;
  const closing = new AbortController();
  // Every open stream listens.
  setMaxListeners(0, closing.signal);
  CLOSINGS.set(app, closing);
  return closing;
}
