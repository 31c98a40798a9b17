import { UnfinishedLine } from '@ringest/core/internal';
import { describe, expect, it } from 'vitest';

/** All of its memory. */
const memory = (line: UnfinishedLine) => line.bytes.buffer.byteLength;

describe('the beginning of a line', () => {
  it('is kept, whatever is appended and dropped', () => {
    const line = new UnfinishedLine();
    let expected = Buffer.alloc(0);
    for (let i = 0; i < 300; i++) {
      const bytes = Buffer.alloc((i * i) % 7919, `${i} `);
      line.append(bytes);
      expected = Buffer.concat([expected, bytes]);
      if (i % 11 === 10) {
        expected = expected.subarray((i * 7919) % expected.length);
        line.keep(line.bytes.subarray(-expected.length));
      }
      expect(line.length).toBe(expected.length);
      expect(line.bytes.equals(expected)).toBe(true);
    }
  });

  it('gives memory back once a long line has ended', () => {
    const line = new UnfinishedLine();
    const piece = Buffer.alloc(65_536, 'x');
    for (let i = 0; i < 64; i++) line.append(piece);
    expect(memory(line)).toBeGreaterThanOrEqual(64 * 65_536);
    line.keep(line.bytes.subarray(-100_000));
    expect(line.bytes.equals(Buffer.alloc(100_000, 'x'))).toBe(true);
    expect(memory(line)).toBeLessThanOrEqual(400_000);
    line.keep(line.bytes.subarray(-5));
    expect(line.bytes.toString()).toBe('xxxxx');
    expect(memory(line)).toBeLessThanOrEqual(65_536);
  });
});
