import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { dumpCache } from '@ringest/cache/internal';
import type { EntryInput } from '@ringest/codec';
import type { CacheInput, CacheMode, CacheStats, IngestMuxer } from '@ringest/core';
import { expect } from 'vitest';
import { type Arrival, expectedArrival, keyOf } from './arrivals.js';
import { entry } from './entries.js';
import { SMALL_RING } from './muxer.js';
import { temporaryDirectory } from './temporary-directory.js';
import { freePort } from './victim.js';
import { until } from './waiting.js';

export { watchThreads } from './threads.js';
export { until };

/** Long enough for a disk that is busy. */
export const CLOSE_MS = 5000;

/** The configuration of a muxer with small rings and a cache, which has a folder of its own by default. */
export function withCache(
  targets: readonly string[],
  mode: CacheMode,
  { path = temporaryDirectory(), ...cache }: Partial<Omit<CacheInput, 'mode'>> = {},
) {
  return { targets, ringBytes: SMALL_RING, cache: { path, mode, ...cache } };
}

/** Writes entries one by one, without waiting for any. Resolves when all writes have. */
export async function writeAll(muxer: IngestMuxer, entries: readonly EntryInput[]): Promise<void> {
  await Promise.all(entries.map((entry) => muxer.writeEntry(entry)));
}

/** Waits until the disk has stored everything that the cache has. */
export function untilStored(muxer: IngestMuxer): Promise<void> {
  return until('the disk', () => cacheStats(muxer).unstoredBytes === 0);
}

/** Waits until nothing is in the cache, nor on its way to the disk. */
export function untilEmpty(muxer: IngestMuxer): Promise<void> {
  return until('an empty cache', () => {
    const { bytes, unstoredBytes } = cacheStats(muxer);
    return bytes + unstoredBytes === 0;
  });
}

/** An address where nobody listens yet, and what an indexer needs to listen there. */
export async function unusedAddress() {
  const port = await freePort();
  const listen = `127.0.0.1:${port}`;
  return { address: `tcp://${listen}`, listen, port };
}

/** The entry with a number, unlike all others. */
export function numbered(number: number, bytes = 200): EntryInput {
  return entry(number, Math.max(bytes, `entry ${number} `.length));
}

export function numberedFrom(from: number, to: number, bytes = 200): EntryInput[] {
  return Array.from({ length: to - from }, (_, i) => numbered(from + i, bytes));
}

/** All of them once, as they were written, in any order. */
export function expectEachOnce(received: readonly Arrival[], written: readonly EntryInput[]): void {
  const { lost, extra } = compareArrivals(received, written);
  expect({ lost: lost.map(shorten), extra: extra.map(shorten) }).toEqual({ lost: [], extra: [] });
}

/** What did not come, and what came too often or was never written. */
export function compareArrivals(received: readonly Arrival[], written: readonly EntryInput[]) {
  const due = new Map<string, number>();
  for (const entry of written) {
    const key = keyOf(expectedArrival(entry));
    due.set(key, (due.get(key) ?? 0) + 1);
  }
  const extra: string[] = [];
  for (const key of received.map(keyOf)) {
    const left = (due.get(key) ?? 0) - 1;
    if (left < 0) extra.push(key);
    else due.set(key, left);
  }
  return { lost: [...due].flatMap(([key, left]) => Array<string>(left).fill(key)), extra };
}

function shorten(key: string): string {
  return key.slice(0, 80);
}

/** What `stats` tells of the cache. */
export function cacheStats(muxer: IngestMuxer): CacheStats {
  const { cache } = muxer.stats();
  if (cache === undefined) throw new Error('the muxer has a cache');
  return cache;
}

/** What the files of a cache hold: the data of each entry, in order, copies among them. */
export async function cachedData(path: string): Promise<string[]> {
  const data: string[] = [];
  const entry = async (line: object) => {
    const { data: text, base64 } = line as { readonly data?: string; readonly base64?: string };
    data.push(text ?? Buffer.from(base64 ?? '', 'base64').toString('latin1'));
  };
  await dumpCache(path, { report: () => {}, entry });
  return data;
}

/** A copy of a cache's folder as it is at this moment: what a crash of the process would leave. */
export function copyAsAfterCrash(path: string): string {
  const copy = temporaryDirectory();
  for (const name of segmentsIn(path)) {
    try {
      copyFileSync(join(path, name), join(copy, name));
    } catch (error) {
      // It was confirmed and removed meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return copy;
}

export function segmentsIn(path: string): string[] {
  return readdirSync(path).filter((name) => name.endsWith('.segment'));
}
