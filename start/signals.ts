/** What signals do. */
export interface SignalHandlers {
  /** First signal: end in order. */
  readonly onStop: (signal: NodeJS.Signals) => void;
  /** Another one, later: end at once. */
  readonly onInsist: (signal: NodeJS.Signals) => void;
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** npm, the launcher and the terminal each pass on the same Ctrl-C: copies come within moments. */
const SAME_PRESS_MS = 700;

/** Listens for the signals that end a process. */
export function handleSignals(handlers: SignalHandlers, now: () => number = Date.now): void {
  let firstAt: number | undefined;
  const receive = (signal: NodeJS.Signals): void => {
    if (firstAt === undefined) {
      firstAt = now();
      handlers.onStop(signal);
    } else if (now() - firstAt > SAME_PRESS_MS) {
      handlers.onInsist(signal);
    }
  };
  for (const signal of STOP_SIGNALS) process.on(signal, receive);
}
