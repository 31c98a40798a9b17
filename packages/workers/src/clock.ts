/** Something that is to happen later, unless it is called off. */
export interface Timer {
  /** Calls it off. */
  close(): void;
  /** The process does not stay alive for it. */
  unref(): unknown;
}

/**
 * Where time comes from. Whatever waits or measures takes its time from one, so that a test can move
 * the time by hand.
 */
export interface Clock {
  /** Milliseconds that only grow; every thread counts them from a moment of its own. */
  now(): number;
  /** Nanoseconds that only grow, the same in all threads of the process. */
  sharedNanos(): bigint;
  /** Calls a function once, after so many milliseconds. */
  after(milliseconds: number, action: () => void): Timer;
  /** Calls a function again and again, every so many milliseconds. */
  every(milliseconds: number, action: () => void): Timer;
}

/** The time of the machine. */
export const realClock: Clock = {
  now: () => performance.now(),
  sharedNanos: () => process.hrtime.bigint(),
  after: (milliseconds, action) => timer(setTimeout(action, milliseconds)),
  every: (milliseconds, action) => timer(setInterval(action, milliseconds)),
};

function timer(timeout: NodeJS.Timeout): Timer {
  return { close: () => clearTimeout(timeout), unref: () => timeout.unref() };
}

/** Milliseconds of a clock that all threads share, as the low 32 bits: differences count, not values. */
export function sharedMilliseconds(clock: Clock): number {
  return Number(BigInt.asIntN(32, clock.sharedNanos() / 1_000_000n));
}
