/** Tells the parent that this process is ready. */
export function tellParent(message: object): void {
  process.send?.(message);
}

/** Answers the parent's messages one by one until it goes away or asks to stop; then stops. */
export function serveParent(
  answer: (message: unknown) => Promise<unknown>,
  stop: () => Promise<void>,
): void {
  process.on('message', (message) => {
    answer(message).then(
      (value) => tellParent({ value }),
      (error: unknown) => tellParent({ error: error instanceof Error ? error.stack : 'failed' }),
    );
  });
  let isStopping = false;
  const end = (): void => {
    if (isStopping) return;
    isStopping = true;
    void stop().finally(() => process.exit(0));
  };
  process.on('SIGTERM', end).on('disconnect', end);
  // Ctrl-C reaches the whole group; the parent stops its children in order.
  process.on('SIGINT', () => undefined);
}
