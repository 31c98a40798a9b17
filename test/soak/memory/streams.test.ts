import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NodeProcess, startIndexer, support } from '../../support/node-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const MIB = 2 ** 20;
const LINE = `${'a line of a file '.repeat(15)}\n`;
const LINES = 250_000;
const TIMES = 17;

/** The ring, what the stream holds, and a chunk each that is read and that waits in the backlog; and some. */
const MOST_UNCONFIRMED = 4 * MIB + 0.25 * MIB + 3 * 65536;
/** What is garbage before it is collected: chunks of files. */
const MAX_GROWTH = 192 * MIB;

describe('a gigabyte of lines in one pipeline takes little memory, and is never far ahead of the indexer,', () => {
  it.each([
    ['that reads as fast as it can', []],
    ['that is slow', ['--read-rate', '80000000']],
  ])(
    'one %s',
    async (_, flags) => {
      const path = join(temporaryDirectory(), 'lines');
      writeFileSync(path, LINE.repeat(LINES));
      const { address } = await startIndexer('--listen', '127.0.0.1:0', ...flags);
      const args = [`tcp://${address}`, path, `${TIMES}`];
      const ingester = new NodeProcess(support('streaming-ingester.mjs'), args, ['--expose-gc']);
      expect(await ingester.end(), ingester.stderr).toBe(0);
      const { bytes, entries, confirmedEntries, mostUnconfirmed, grown } =
        ingester.lastJson<Record<string, number>>();
      expect(bytes).toBe(TIMES * LINES * LINE.length);
      expect(bytes).toBeGreaterThan(2 ** 30);
      expect([entries, confirmedEntries]).toEqual([TIMES * LINES, TIMES * LINES]);
      expect(mostUnconfirmed).toBeLessThanOrEqual(MOST_UNCONFIRMED);
      expect(grown).toBeLessThan(MAX_GROWTH);
    },
    600_000,
  );
});
