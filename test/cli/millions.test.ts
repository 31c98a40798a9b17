import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { NodeProcess, RINGEST } from '../support/node-process.js';
import { scaled } from '../support/scale.js';
import { shipPipe } from '../support/shipping.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { SECRET } from './inspect/ringest.js';

const NUMBERS = scaled(100_000, 10_000_000);
const [ZERO, LINE_FEED] = [48, 10];

/** Counts the numbers of lines, each by itself. */
class Counts {
  readonly #counts = new Uint8Array(NUMBERS + 1);
  #number = 0;

  add(chunk: Uint8Array): void {
    for (const byte of chunk) {
      if (byte !== LINE_FEED) this.#number = this.#number * 10 + byte - ZERO;
      else {
        this.#counts[this.#number] = (this.#counts[this.#number] ?? 0) + 1;
        this.#number = 0;
      }
    }
  }

  /** The numbers from 1 on that were not there exactly once. */
  wrong(): number[] {
    return Array.from(this.#counts.entries())
      .filter(([number, count]) => count !== (number === 0 ? 0 : 1))
      .map(([number]) => number);
  }
}

it(`ships ${NUMBERS} lines of seq to an indexer with a store, where cat finds each of them once`, async () => {
  const store = join(temporaryDirectory(), 'store');
  const flags = ['--listen', '127.0.0.1:0', '--ingest-secret', SECRET, '--store', store, '--json'];
  const indexer = new NodeProcess(RINGEST, ['indexer', ...flags]);
  const [, address = ''] = await indexer.says('stderr', /listening on (\S+)/);

  const ship = shipPipe(address, '--json');
  const seq = spawn('seq', ['1', `${NUMBERS}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void seq.kill());
  seq.stdout.pipe(ship.stdin);
  expect(await ship.end()).toBe(0);
  expect(ship.lastJson()).toMatchObject({ entries: NUMBERS, confirmed: NUMBERS, unconfirmed: 0 });

  const cat = new NodeProcess(RINGEST, ['cat', store, '--tag', 'test', '--count']);
  expect(await cat.end()).toBe(0);
  expect(cat.stdout).toBe(`${NUMBERS}\n`);

  const counts = new Counts();
  const all = spawn(process.execPath, [RINGEST.pathname, 'cat', store], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const chunk of all.stdout) counts.add(chunk);
  expect(counts.wrong()).toEqual([]);
  expect(await indexer.end('SIGTERM')).toBe(0);
});
