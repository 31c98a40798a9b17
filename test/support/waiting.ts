/** Lets the event loop go around once. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits for something that comes about by itself, and of which nothing tells. */
export async function until(what: string, condition: () => boolean, most = 20_000): Promise<void> {
  for (const end = performance.now() + most; !condition(); ) {
    if (performance.now() > end) throw new Error(`${what} did not come within ${most} ms`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** A promise, and whether it is settled by now. Its rejection counts as handled. */
export function watch<T>(promise: Promise<T>): { promise: Promise<T>; settled: boolean } {
  const watched = { promise, settled: false };
  const settle = () => {
    watched.settled = true;
  };
  promise.then(settle, settle);
  return watched;
}
