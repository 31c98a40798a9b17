import { join } from 'node:path';
import { decodeEntry } from '@ringest/codec';
import { expect, it } from 'vitest';
import { CollectingIndexer } from '../support/collecting-indexer.js';
import { GrowingLog, LINE_BYTES } from '../support/growing-log.js';
import { Random } from '../support/random.js';
import { scaled, soak, tellSeed } from '../support/scale.js';
import { ship, textsOf } from '../support/shipping.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventually } from '../support/waiting.js';

const KILLS = scaled(3, 10);
const LIMIT_MS = scaled(60_000, 600_000);
const BURSTS_PER_RUN = 6;
const MOST_LINES_PER_BURST = 1000;
const AHEAD_BYTES = scaled([65_536], [8_192, 65_536]);

/** The lines of a growing log that have arrived, each looked at once: there are many, and it is asked often. */
class ArrivedLines {
  /** How many have arrived, with those that came again. */
  all = 0;
  readonly #indexer: CollectingIndexer;
  readonly #numbers = new Set<number>();
  /** How many of each connection were looked at. */
  readonly #looked: number[] = [];

  constructor(indexer: CollectingIndexer) {
    this.#indexer = indexer;
  }

  /** How many different lines have arrived. */
  different(): number {
    this.#indexer.indexer.connections.forEach((connection, i) => {
      const arrived = connection.arrivalsFrom(this.#looked[i] ?? 0);
      for (const { bytes } of arrived) {
        this.#numbers.add(GrowingLog.numberOf(Buffer.from(decodeEntry(bytes).data).toString()));
      }
      this.all += arrived.length;
      this.#looked[i] = (this.#looked[i] ?? 0) + arrived.length;
    });
    return this.#numbers.size;
  }
}

it.each(AHEAD_BYTES)(
  'ships a file whole that is rotated in all ways while it is killed again and again, %i bytes ahead',
  async (aheadBytes) => {
    const indexer = await CollectingIndexer.start();
    const log = new GrowingLog(temporaryDirectory());
    const flags = ['--state-file', join(temporaryDirectory(), 'state'), '--poll', '5ms'];
    const more = ['--max-ahead', String(aheadBytes), `${log.path}*`];
    const start = () => ship(indexer.address, '--follow', ...flags, ...more);
    const arrivals = new ArrivedLines(indexer);
    const missing = () => log.lines - arrivals.different();
    const arrived = () => eventually(() => expect(missing()).toBe(0));

    const random = new Random(soak.seed);
    const write = () => log.write(1 + random.below(MOST_LINES_PER_BURST));
    const rotations = {
      rename: () => log.rename(),
      copy: () => log.copyAndTruncate(),
      remove: async () => {
        // What is in a file that is removed is gone for whoever has not opened it.
        await arrived();
        log.remove();
      },
    };
    tellSeed(soak.seed);

    let process = start();
    for (let kill = 0; kill < KILLS; kill++) {
      for (let burst = 0; burst < BURSTS_PER_RUN; burst++) {
        write();
        await rotations[random.pick(['rename', 'copy', 'remove'] as const)]();
      }
      write();
      const most = random.below(missing() + 1);
      await eventually(() => expect(missing()).toBeLessThanOrEqual(most));
      await process.end('SIGKILL');
      // What comes while nobody follows.
      write();
      await rotations[random.pick(['rename', 'copy'] as const)]();
      write();
      process = start();
    }
    await arrived();
    expect(await process.end('SIGTERM')).toBe(0);
    expect(missing()).toBe(0);
    expect(textsOf(indexer).filter((text) => !GrowingLog.isLine(text))).toEqual([]);
    const again = arrivals.all - log.lines;
    // A chunk is as large as what may be ahead, and may begin just before that is reached.
    expect(again).toBeLessThanOrEqual((KILLS * 2 * aheadBytes) / LINE_BYTES);
  },
  LIMIT_MS,
);
