/**
 * Returns a function that many may call at the same time, and that waits for as few runs of another one as
 * possible: each run begins after the call that it stands for.
 */
export function sharedWait(wait: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const run = (): Promise<void> => {
    running = wait().finally(() => {
      // Otherwise the next run is about to begin, and is the one to wait for.
      if (next === undefined) running = undefined;
    });
    return running;
  };
  return () => {
    if (running === undefined) return run();
    next ??= running
      .catch(() => {})
      .then(() => {
        next = undefined;
        return run();
      });
    return next;
  };
}
