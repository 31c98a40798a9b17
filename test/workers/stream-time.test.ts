import {
  encodeConfirmDittoBlock,
  encodeConfirmEntry,
  encodeForceAck,
  encodePing,
  encodePong,
  encodeThrottle,
} from '@ringest/codec';
import { RateLimit } from '@ringest/workers/internal';
import { describe, expect, it } from 'vitest';
import { dittoBlock, makeStream } from '../support/stream.js';
import { turn } from '../support/waiting.js';

const MS = 1e6;

type Made = ReturnType<typeof makeStream>;

/** Lets the socket take all that it was given, and what comes then. */
async function settle({ socket }: Made): Promise<void> {
  for (let before = -1; before !== socket.written.length; ) {
    before = socket.written.length;
    await socket.release();
    await turn();
  }
}

/** How many of what was written to the socket are these bytes. */
const count = ({ socket }: Made, bytes: Buffer) =>
  socket.written.filter((one) => one.equals(bytes)).length;

const text = ({ socket }: Made) => Buffer.concat(socket.written).toString('latin1');

/** Lets time pass in steps, each of which the connection sees. */
async function pass(made: Made, milliseconds: number, step = 100, each = () => {}): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += step) {
    made.clock.advance(step);
    await settle(made);
    each();
  }
}

describe('a throttled stream', () => {
  it('sends nothing until the time is over, to the millisecond', async () => {
    const made = makeStream();
    made.receive(encodeThrottle(400 * MS));
    made.write('held back');
    await pass(made, 399, 1);
    expect(made.socket.written).toEqual([]);
    await pass(made, 1, 1);
    expect(text(made)).toContain('held back');
  });

  it.each([
    ['a PONG', encodePong()],
    ['a confirmation', encodeConfirmEntry(1)],
  ])('goes on at once with %s', async (_what, word) => {
    const made = makeStream();
    made.write('before');
    await settle(made);
    made.receive(encodeThrottle(5000 * MS));
    made.write('held back');
    await settle(made);
    expect(text(made)).not.toContain('held back');
    made.receive(word);
    await settle(made);
    expect([text(made).includes('held back'), made.clock.now()]).toEqual([true, 0]);
  });

  it('counts a new throttle from its own time, whatever was said before', async () => {
    const made = makeStream();
    made.receive(encodePong(), encodeThrottle(1 * MS), encodeThrottle(500 * MS));
    made.write('held back');
    await pass(made, 400);
    made.receive(encodeThrottle(200 * MS));
    await pass(made, 199, 1);
    expect(made.socket.written).toEqual([]);
    await pass(made, 1, 1);
    expect(text(made)).toContain('held back');
  });

  it('is held back for no more than five seconds', async () => {
    const made = makeStream();
    made.receive(encodeThrottle(60_000 * MS));
    made.write('held back');
    await pass(made, 4900);
    expect(text(made)).not.toContain('held back');
    await pass(made, 100);
    expect(text(made)).toContain('held back');
  });

  it('is lost in the time for confirmations when pauses have no end', async () => {
    const made = makeStream({ times: { confirmation: 3000 } });
    made.receive(encodeThrottle(5000 * MS));
    made.write('held back');
    await pass(made, 10_000, 100, () => made.receive(encodeThrottle(5000 * MS)));
    expect(String(made.lost[0])).toContain('has confirmed nothing for 3000 ms');
    expect(made.clock.timers).toBe(0);
  });
});

describe('a limited stream', () => {
  const limited = () =>
    makeStream({ rateLimit: (clock) => new RateLimit(RateLimit.task(10_000, clock), clock) });

  it('waits after a write until that has used up its time, with one timer and no look before', async () => {
    const made = limited();
    for (let i = 0; i < 3; i++) made.write(`entry ${i} `.padEnd(1954));
    await settle(made);
    expect(made.socket.written).toHaveLength(1);
    // The watch has the other one.
    expect(made.clock.timers).toBe(2);
    await pass(made, 199, 1);
    expect(made.socket.written).toHaveLength(1);
    await pass(made, 1, 1);
    expect(made.socket.written).toHaveLength(2);
    await pass(made, 200, 1);
    expect(made.socket.written).toHaveLength(3);
  });

  it('pays for what is sent beside the entries as well', async () => {
    const made = limited();
    made.stream.sender.sendDitto(dittoBlock(1));
    await settle(made);
    made.write('entry');
    await settle(made);
    expect(text(made)).not.toContain('entry');
    await pass(made, 20, 1);
    expect(text(made)).toContain('entry');
  });
});

describe('a watched stream', () => {
  it('that has nothing to say, but answers PINGs, is kept, and costs nothing between them', async () => {
    const made = makeStream();
    let answered = 0;
    await pass(made, 600_000, 1000, () => {
      for (; answered < count(made, encodePing()); answered++) made.receive(encodePong());
    });
    expect(made.lost).toEqual([]);
    // One each half of the time for silence, and those that come every five minutes in any case.
    expect(answered).toBeGreaterThanOrEqual(18);
    expect(made.socket.written).toHaveLength(answered);
  });

  it('of which nothing is heard is asked once, and lost', async () => {
    const made = makeStream({ times: { silence: 4000 } });
    await pass(made, 10_000, 500);
    expect(count(made, encodePing())).toBe(1);
    expect(made.lost.map(String)).toEqual([
      expect.stringContaining('nothing heard from the indexer for 4000 ms'),
    ]);
  });

  it('is kept when each confirmation takes nearly as long as it may', async () => {
    const made = makeStream({ times: { confirmation: 10_000 } });
    for (let id = 1; id <= 6; id++) {
      made.write(`entry ${id}`);
      await settle(made);
      await pass(made, 9000, 1000);
      made.receive(encodeConfirmEntry(id));
    }
    expect([made.lost, made.reader.unconfirmed]).toEqual([[], 0]);
    expect(count(made, encodeForceAck())).toBe(6);
  });

  it('is lost when entries stay outstanding although it was asked to confirm them', async () => {
    const made = makeStream({ times: { confirmation: 10_000 } });
    made.write('one');
    made.write('two');
    await settle(made);
    await pass(made, 5000, 1000);
    made.receive(encodeConfirmEntry(1));
    await pass(made, 20_000, 1000, () => made.receive(encodePong()));
    expect(count(made, encodeForceAck())).toBe(2);
    expect(String(made.lost[0])).toContain('has confirmed nothing for 10000 ms');
  });

  it('is kept while ditto blocks are confirmed one after the other, always with some outstanding', async () => {
    const made = makeStream({ times: { confirmation: 5000 } });
    made.stream.sender.sendDitto(dittoBlock(0));
    for (let key = 1; key <= 20; key++) {
      made.stream.sender.sendDitto(dittoBlock(key));
      await settle(made);
      await pass(made, 1000, 500);
      made.receive(encodeConfirmDittoBlock(0));
    }
    expect(made.lost).toEqual([]);
    await pass(made, 10_000, 500, () => made.receive(encodePong()));
    expect(String(made.lost[0])).toContain('has confirmed nothing for 5000 ms');
  });
});
