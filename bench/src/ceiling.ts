import { Source } from '@ringest/codec';
import { IngestMuxer } from '@ringest/core';
import { probeCeiling } from './ceiling-probe.js';
import { EntrySource, type LoadEntry } from './entry-source.js';
import { IndexerChild } from './indexer-child.js';
import { median } from './median.js';

const SECRET = 'IngestSecrets';
const SIZES = [64, 256, 1024];
const BATCH = 1024;

/** Entries a second at one size, medians of all rounds. */
export interface CeilingRow {
  readonly size: number;
  readonly ceiling: number;
  readonly writeEntry: number;
  readonly writeBatch: number;
}

/** How long each of the three writes in each round. */
export interface CeilingOptions {
  readonly rounds: number;
  /** Milliseconds. */
  readonly duration: number;
}

/**
 * Measures, in turn and over several rounds, the ceiling and the muxer's two ways of writing, against
 * one and the same embedded indexer.
 * @param told is called with each row as it is done
 */
export async function runCeiling(
  { rounds, duration }: CeilingOptions,
  told: (row: CeilingRow) => void,
): Promise<CeilingRow[]> {
  const indexer = await IndexerChild.start({ secret: SECRET, tally: false, digest: false });
  const rows: CeilingRow[] = [];
  try {
    for (const size of SIZES) {
      const samples = {
        ceiling: [] as number[],
        writeEntry: [] as number[],
        writeBatch: [] as number[],
      };
      for (let round = 0; round < rounds; round++) {
        samples.ceiling.push(await probeCeiling(indexer.address, SECRET, size, duration));
        samples.writeEntry.push(await runMuxer(indexer.address, size, 0, duration));
        samples.writeBatch.push(await runMuxer(indexer.address, size, BATCH, duration));
      }
      const row = {
        size,
        ceiling: Math.round(median(samples.ceiling)),
        writeEntry: Math.round(median(samples.writeEntry)),
        writeBatch: Math.round(median(samples.writeBatch)),
      };
      rows.push(row);
      told(row);
    }
  } finally {
    await indexer.stop();
  }
  return rows;
}

/** @returns entries a second, from the first write to the last confirmation */
async function runMuxer(
  target: string,
  entryBytes: number,
  batch: number,
  duration: number,
): Promise<number> {
  await using muxer = new IngestMuxer({
    targets: [target],
    secret: SECRET,
    tags: ['ceiling'],
    selfIngest: false,
  });
  muxer.start();
  await muxer.waitForHot({ timeout: 10_000 });
  const source = new EntrySource({
    seed: 1,
    entryBytes,
    tag: muxer.getTag('ceiling'),
    source: Source.parse('127.0.0.1'),
    startSeconds: 1_700_000_000,
    batch,
  });
  const entries: LoadEntry[] = Array.from({ length: BATCH }, () => source.entry(0));
  let sent = 0;
  const start = performance.now();
  while (performance.now() - start < duration) {
    if (batch > 0) {
      source.fill(entries, sent);
      const wait = muxer.writeBatch(entries);
      if (wait) await wait;
    } else {
      for (let i = 0; i < BATCH; i++) {
        const wait = muxer.writeEntry(source.entry(sent + i));
        if (wait) await wait;
      }
    }
    sent += BATCH;
  }
  await muxer.sync();
  return (sent / (performance.now() - start)) * 1000;
}
