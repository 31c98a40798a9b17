/** The exit status of what a signal ended, by the custom of shells: 128 and the number of SIGINT. */
export const INTERRUPTED = 130;

/**
 * A signal that is aborted by the first interrupt (Ctrl-C), so that what runs can come to an end. A
 * second one ends the process at once.
 */
export function interruptible(): AbortSignal {
  const stop = new AbortController();
  process.on('SIGINT', () => {
    if (stop.signal.aborted) process.exit(INTERRUPTED);
    stop.abort(new Error('interrupted'));
  });
  return stop.signal;
}
