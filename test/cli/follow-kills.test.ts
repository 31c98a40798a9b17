import { join } from 'node:path';
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

it.each(AHEAD_BYTES)(
  'ships a file whole that is rotated in all ways while it is killed again and again, %i bytes ahead',
  async (aheadBytes) => {
    const indexer = await CollectingIndexer.start();
    const log = new GrowingLog(temporaryDirectory());
    const flags = ['--state-file', join(temporaryDirectory(), 'state'), '--poll', '5ms'];
    const more = ['--max-ahead', String(aheadBytes), `${log.path}*`];
    const start = () => ship(indexer.address, '--follow', ...flags, ...more);
    const numbersOf = () => new Set(textsOf(indexer).map((text) => Number(text.split(' ')[1])));
    const missing = () => {
      const numbers = numbersOf();
      return Array.from({ length: log.lines }, (_, i) => i + 1).filter((one) => !numbers.has(one));
    };
    const arrived = () => eventually(() => expect(missing()).toEqual([]));

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
      const wanted = log.lines - random.below(missing().length + 1);
      await eventually(() => expect(numbersOf().size).toBeGreaterThanOrEqual(wanted));
      await process.end('SIGKILL');
      // What comes while nobody follows.
      write();
      await rotations[random.pick(['rename', 'copy'] as const)]();
      write();
      process = start();
    }
    await arrived();
    expect(await process.end('SIGTERM')).toBe(0);
    const texts = textsOf(indexer);
    expect(texts.every((text) => text === GrowingLog.line(Number(text.split(' ')[1])))).toBe(true);
    const again = texts.length - log.lines;
    // A chunk is as large as what may be ahead, and may begin just before that is reached.
    expect(again).toBeLessThanOrEqual((KILLS * 2 * aheadBytes) / LINE_BYTES);
  },
  LIMIT_MS,
);
