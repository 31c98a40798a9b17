import {
  attemptOf,
  endsOf,
  LineAccount,
  numberedLine,
  readNumberedLine,
  sourceOfLines,
  spreadOf,
  tooBig,
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
  /** A line as an indexer has it. */
  function stored(host: string, number: number) {
    const text = numberedLine(host, number);
    return { indexer: 'x', text, tag: host, source: sourceOfLines(host), seconds: number };
  }

  it('counts what is missing, what came twice, and what nobody has written, by identity', () => {
    const account = new LineAccount();
    for (const number of [0, 1, 1, 3, 9]) account.add(stored('a', number));
    for (const number of [0, 1, 2]) account.add(stored('b', number));
    account.add(stored('c', 0));
    account.add({ ...stored('a', 2), text: 'something else' });
    const written = new Map([
      ['a', 4],
      ['b', 3],
      ['d', 2],
    ]);
    // Number 2 of a; both of d. Number 9 of a, what c has sent, and the other text are foreign.
    expect(account.totals(written)).toEqual({ written: 9, lost: 3, duplicated: 1, foreign: 3 });
  });

  it.each([
    ['tag', { tag: 'b' }],
    ['source', { source: sourceOfLines('b') }],
  ])('does not take a line that has the %s of another host', (_, altered) => {
    const account = new LineAccount();
    account.add({ ...stored('a', 0), ...altered });
    const written = new Map([['a', 1]]);
    expect(account.totals(written)).toEqual({ written: 1, lost: 1, duplicated: 0, foreign: 1 });
  });

  it('knows how many entries an indexer has, and how far the times of a host are apart', () => {
    const account = new LineAccount();
    for (const number of [5, 2, 9]) account.add(stored('a', number));
    account.add({ ...stored('a', 1), indexer: 'y' });
    expect([account.storedAt('x'), account.storedAt('y'), account.storedAt('z')]).toEqual([
      3, 1, 0,
    ]);
    expect([account.secondsOf('a'), account.secondsOf('b')]).toEqual([8, 0]);
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

  it('that are too long are answered with the length that is not', () => {
    const answer = tooBig(packet(0x10, 7), 1280);
    expect(endsOf(answer)).toEqual({ from: 21, to: 11 });
    expect(answer.readUInt16BE(2)).toBe(answer.length);
    expect([answer[9], answer[20], answer[21], answer.readUInt16BE(26)]).toEqual([1, 3, 4, 1280]);
    // The header, the ports and the sequence number of the packet.
    expect(answer.subarray(28)).toEqual(packet(0x10, 7).subarray(0, 28));
    for (const part of [answer.subarray(0, 20), answer.subarray(20)])
      expect(sumOf(part)).toBe(0xffff);
  });

  /** The ones' complement sum of words: 0xffff where a correct checksum is among them. */
  function sumOf(bytes: Buffer): number {
    let sum = 0;
    for (let i = 0; i < bytes.length; i += 2) sum += bytes.readUInt16BE(i);
    return sum % 0xffff || 0xffff;
  }
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
