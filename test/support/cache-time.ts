import type { CloseReport, IngestMuxer } from '@ringest/core';
import { onTestFinished, vi } from 'vitest';
import { newMuxer } from './muxer.js';

/** For how long no lane is hot before entries go to the disk. */
const PATIENCE_MS = 500;
/** How often a cache ends a segment that is no longer needed, and how often here. */
const ROLL_MS = 1000;
const QUICK_ROLL_MS = 20;

/** Lets the clock of this thread jump ahead, until the test is finished. Timers do not notice. */
export function passTime(milliseconds: number): void {
  const { now } = performance;
  const clock = vi.spyOn(performance, 'now');
  const ahead = clock.getMockImplementation() ?? (() => Reflect.apply(now, performance, []));
  clock.mockImplementation(() => ahead() + milliseconds);
  onTestFinished(() => {
    clock.mockRestore();
  });
}

/** A muxer that is started, and has been without a hot lane for so long that its cache is used. */
export function coldMuxer(configuration: Parameters<typeof newMuxer>[0]): IngestMuxer {
  const muxer = newMuxer(configuration);
  passTime(PATIENCE_MS);
  muxer.start();
  return muxer;
}

/** Muxers that start from now on end segments sooner than each second, until the test is finished. */
export function rollQuickly(): void {
  const { setInterval: begin } = globalThis;
  const spy = vi.spyOn(globalThis, 'setInterval');
  spy.mockImplementation((callback, milliseconds) =>
    begin(callback, milliseconds === ROLL_MS ? QUICK_ROLL_MS : milliseconds),
  );
  onTestFinished(() => {
    spy.mockRestore();
  });
}

/** Closes a muxer whose patience with its indexers is over at once. The disk has its whole time. */
export function closeAtOnce(muxer: IngestMuxer): Promise<CloseReport> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const closed = muxer.close();
    vi.runAllTimers();
    return closed;
  } finally {
    vi.useRealTimers();
  }
}
