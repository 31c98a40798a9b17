import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EntryInput } from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { type Arrival, arrival, expectArrivals, expectedArrival } from '../../support/arrivals.js';
import { hotMuxer } from '../../support/muxer.js';
import { NodeProcess, support } from '../../support/node-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const TAGS = ['zero', 'one'];
const COUNT = 4000;

const entry = (i: number): EntryInput => ({
  timestamp: i,
  tag: i % 2,
  data: Buffer.alloc(i % 500 === 0 ? 40_000 : 20 + (i % 1000), `entry ${i} `),
  source: i % 3 === 0 ? undefined : '10.0.0.1',
});

/** An indexer's process that writes down what it takes, entry by entry, before it confirms it. */
class RecordingProcess {
  readonly process: NodeProcess;
  readonly #path: string;
  readonly #firstTag: number;

  constructor(folder: string, listen: string, firstTag: number) {
    this.#path = join(folder, `${firstTag}`);
    this.#firstTag = firstTag;
    const script = support('recording-indexer-process.mjs');
    this.process = new NodeProcess(script, [listen, `${firstTag}`, this.#path]);
  }

  async address(): Promise<string> {
    const [, address = ''] = await this.process.says('stdout', /^listening on tcp:\/\/(\S+)\n/m);
    return address;
  }

  /** All that it has taken, in the order it came; a line cut short was not confirmed. */
  read(): Arrival[] {
    const lines = readFileSync(this.#path, 'latin1').split('\n').slice(0, -1);
    return lines.map((line) => {
      const [tag, hex = ''] = line.split(' ');
      const frame = Buffer.from(hex, 'hex');
      const encoded = Buffer.concat([frame.subarray(4, 38), frame.subarray(46)]);
      return arrival(TAGS[this.#firstTag - Number(tag)] ?? `number ${tag}`, encoded);
    });
  }
}

describe('an indexer that is killed', () => {
  it('and replaced by another costs nothing but the resending of what it had not confirmed', async () => {
    const folder = temporaryDirectory();
    const first = new RecordingProcess(folder, '127.0.0.1:0', 100);
    const address = await first.address();
    const targets = [`tcp://${address}`];
    const muxer = await hotMuxer({ targets, tags: TAGS, ringBytes: 262_144 });
    const reasons: string[] = [];
    let confirmedBefore: number | undefined;
    muxer.on('lost', ({ reason }) => {
      reasons.push(reason);
      confirmedBefore ??= muxer.stats().confirmedEntries;
    });

    const replace = async () => {
      await first.process.end('SIGKILL');
      const second = new RecordingProcess(folder, address, 200);
      await second.address();
      return second;
    };
    let replaced: Promise<RecordingProcess> | undefined;
    for (let i = 0; i < COUNT; i++) {
      const wait = muxer.writeEntry(entry(i));
      // In the middle of traffic: the ring is full.
      if (wait && i > COUNT / 2) replaced ??= replace();
      if (wait) await wait;
    }
    const second = await replaced;
    await muxer.sync();

    const expected = Array.from({ length: COUNT }, (_, i) =>
      expectedArrival(entry(i), TAGS[i % 2]),
    );
    const before = first.read();
    const after = second?.read() ?? [];
    // One lane keeps the order: the first had the beginning of it, the second all the rest.
    expectArrivals(before, expected.slice(0, before.length));
    expectArrivals(after, expected.slice(COUNT - after.length));
    const { confirmedEntries, resentEntries, lanes } = muxer.stats();
    expect(COUNT - after.length).toBe(confirmedBefore);
    expect(before.length + after.length - COUNT).toBeLessThanOrEqual(resentEntries);
    expect(confirmedEntries).toBe(COUNT);
    expect(lanes[0]?.reconnects).toBe(1);
    expect(reasons[0]).toBe('lost');
    expect(new Set(reasons.slice(1))).toEqual(new Set(reasons.length > 1 ? ['dial'] : []));
  });
});
