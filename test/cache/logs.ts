import type { Block, Disk } from '@ringest/cache/internal';
import { SegmentLog } from '@ringest/cache/internal';

export const TAGS = ['first', 'second'];

/** A log on a disk, whose clock stands still. */
export function openLog(disk: Disk, maxSegmentBytes = 2 ** 20): SegmentLog {
  return SegmentLog.open(disk, { muxer: 'm', maxSegmentBytes, now: () => 1_700_000_000_000 });
}

/** Everything that can be read, oldest first. */
export function readAll(log: SegmentLog): Block[] {
  return log.segments().flatMap(({ id }) => [...log.read(id)]);
}

/** The frames of all blocks that can be read, as text. */
export function readTexts(log: SegmentLog): string[] {
  return readAll(log).map(({ frames }) => frames.toString());
}

/** Appends a text for frames; the log does not look into them. */
export function appendText(log: SegmentLog, text: string, count = 1): void {
  log.append(Buffer.from(text), count, TAGS);
}

/** Calls it and gives what it threw, which must be of that class. */
export function thrown<T extends Error>(
  type: abstract new (...values: never[]) => T,
  call: () => unknown,
): T {
  try {
    call();
  } catch (error) {
    if (error instanceof type) return error;
    throw error;
  }
  throw new Error(`no ${type.name} was thrown`);
}
