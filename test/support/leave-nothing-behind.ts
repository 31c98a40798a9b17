import { afterAll, afterEach, expect, vi } from 'vitest';

/** What files that share a process must find as it was: on their own, and by the file before them. */
const shared = globalThis as typeof globalThis & { [ORIGINAL]?: Original };
const ORIGINAL = Symbol.for('ringest.original');

interface Original {
  readonly now: typeof performance.now;
  readonly date: typeof Date.now;
  readonly setTimeout: typeof setTimeout;
  readonly setInterval: typeof setInterval;
  readonly setImmediate: typeof setImmediate;
  readonly folder: string;
}

function current(): Original {
  return {
    now: performance.now,
    date: Date.now,
    setTimeout,
    setInterval,
    setImmediate,
    folder: process.cwd(),
  };
}

shared[ORIGINAL] ??= current();

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

afterAll(() => {
  expect(current(), 'a test has left something behind for the next file').toEqual(shared[ORIGINAL]);
});
