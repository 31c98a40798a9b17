import {
  attemptOf,
  endsOf,
  LineAccount,
  numberedLine,
  readNumberedLine,
  spreadOf,
} from '@ringest/bench/internal';
import { describe, expect, it } from 'vitest';

describe('numbered lines', () => {
  it('are all different, as long as each other, and read as what they are', () => {
    const lines = [0, 1, 36, 1_000_000].flatMap((number) =>
      ['ingester-1', 'ingester-2'].map((host) => ({ host, number })),
    );
    const texts = lines.map(({ host, number }) => numberedLine(host, number));
    expect(new Set(texts).size).toBe(lines.length);
    expect(new Set(texts.map(({ length }) => length))).toEqual(new Set([250]));
    expect(texts.map(readNumberedLine)).toEqual(lines);
  });

  it.each([
    ['another letter', (line: string) => `${line.slice(0, -1)}!`],
    ['an end that is missing', (line: string) => line.slice(0, -1)],
    ['another number', (line: string) => line.replace(' 7 ', ' 8 ')],
    ['nothing', () => ''],
  ])('that were altered are none: %s', (_, alter) => {
    expect(readNumberedLine(alter(numberedLine('ingester-1', 7)))).toBeUndefined();
  });
});

describe('an account', () => {
  it('counts what is missing, what came twice, and what nobody has written, by identity', () => {
    const account = new LineAccount();
    for (const number of [0, 1, 1, 3, 9]) account.add(numberedLine('a', number));
    for (const number of [0, 1, 2]) account.add(numberedLine('b', number));
    account.add(numberedLine('c', 0));
    account.add('something else');
    const written = new Map([
      ['a', 4],
      ['b', 3],
      ['d', 2],
    ]);
    // Number 2 of a; both of d. Number 9 of a, what c has sent, and the other text are foreign.
    expect(account.totals(written)).toEqual({ written: 9, lost: 3, duplicated: 1, foreign: 3 });
  });
});

describe('packets', () => {
  /** A header of IPv4 and one of TCP. */
  function packet(flags: number, sequence: number): Buffer {
    const bytes = Buffer.alloc(40);
    bytes[0] = 0x45;
    bytes[9] = 6;
    bytes.set([198, 18, 0, 11, 198, 18, 0, 21], 12);
    bytes.writeUInt16BE(40_000, 20);
    bytes.writeUInt16BE(4023, 22);
    bytes.writeUInt32BE(sequence, 24);
    bytes[33] = flags;
    return bytes;
  }

  it('name their ends, unless they are not of IPv4', () => {
    expect(endsOf(packet(2, 1))).toEqual({ from: 11, to: 21 });
    expect(endsOf(Buffer.alloc(40, 0x60))).toBeUndefined();
    expect(endsOf(Buffer.alloc(3))).toBeUndefined();
  });

  it('tell attempts to connect from repetitions, answers and all else', () => {
    expect(attemptOf(packet(2, 1))).toBeDefined();
    expect(attemptOf(packet(2, 1))).toBe(attemptOf(packet(2, 1)));
    expect(attemptOf(packet(2, 1))).not.toBe(attemptOf(packet(2, 2)));
    for (const flags of [0x12, 0x10, 0x04]) expect(attemptOf(packet(flags, 1))).toBeUndefined();
    const udp = packet(2, 1);
    udp[9] = 17;
    expect(attemptOf(udp)).toBeUndefined();
  });
});

describe('the spread of attempts', () => {
  it('has the first, the last, and the most of them within 100 ms', () => {
    expect(spreadOf([500, 10, 90, 110, 111])).toEqual({
      ...{ count: 5, firstMs: 10, lastMs: 500, mostAtOnce: 3 },
    });
    expect(spreadOf([])).toEqual({
      count: 0,
      firstMs: undefined,
      lastMs: undefined,
      mostAtOnce: 0,
    });
  });
});
