/** A call that is planned. */
export interface Timer {
  /** Cancels the call. */
  close(): void;
  /** Lets the process end before the call. */
  unref(): unknown;
}

/** The source of time for everything that waits or measures. A test can use one that it moves itself. */
export interface Clock {
  /** Milliseconds since a moment that differs between threads; they never decrease. */
  now(): number;
  /** Nanoseconds, the same in all threads of the process; they never decrease. */
  sharedNanos(): bigint;
  /** Calls a function once, after some milliseconds. */
  after(milliseconds: number, action: () => void): Timer;
  /** Calls a function repeatedly, at an interval in milliseconds. */
  every(milliseconds: number, action: () => void): Timer;
}

/** The clock of the machine. */
export const realClock: Clock = {
  now: () => performance.now(),
  sharedNanos: () => process.hrtime.bigint(),
  after: (milliseconds, action) => timer(setTimeout(action, milliseconds)),
  every: (milliseconds, action) => timer(setInterval(action, milliseconds)),
};

function timer(timeout: NodeJS.Timeout): Timer {
  return { close: () => clearTimeout(timeout), unref: () => timeout.unref() };
}

/** The low 32 bits of a time in milliseconds that all threads share. Only differences have a meaning. */
export function sharedMilliseconds(clock: Clock): number {
  return Number(BigInt.asIntN(32, clock.sharedNanos() / 1_000_000n));
}
