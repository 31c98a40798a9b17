import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { dumpSegment, openToRead } from '@ringest/cache/internal';
import { FRAME_BYTES, frameSize } from '@ringest/codec';
import { type Key, keyIn } from './account.js';

/** What stands in the folder of a cache that nobody has open. */
export interface Stored {
  /** The keys of all entries, and how often each is there. */
  readonly copies: ReadonlyMap<Key, number>;
  readonly entries: number;
  readonly segments: readonly string[];
  /** Files in the quarantine, and parts of segments that would go there. */
  readonly damaged: readonly string[];
}

export function segmentsIn(path: string): string[] {
  return filesIn(path).filter((name) => name.endsWith('.segment'));
}

export function readStored(path: string): Stored {
  const copies = new Map<Key, number>();
  let entries = 0;
  const segments = segmentsIn(path);
  const damaged = filesIn(join(path, 'quarantine'));
  for (const name of segments) {
    const file = openToRead(join(path, name));
    for (const part of dumpSegment(file)) {
      if (part.kind === 'damage') damaged.push(`${name} at ${part.offset}`);
      if (part.kind !== 'block') continue;
      for (const key of keysOf(part.frames)) {
        entries++;
        copies.set(key, (copies.get(key) ?? 0) + 1);
      }
    }
    file.close();
  }
  return { copies, entries, segments, damaged };
}

function* keysOf(frames: Buffer): Generator<Key> {
  for (let at = 0; at < frames.length; ) {
    const bytes = frameSize(frames, at, frames.length - at);
    const key = keyIn(frames.subarray(at + FRAME_BYTES, at + bytes));
    if (key === undefined) throw new Error('an entry in the cache was never written');
    yield key;
    at += bytes;
  }
}

/** The files of a folder, which may be missing. */
function filesIn(path: string): string[] {
  return existsSync(path) ? readdirSync(path) : [];
}
