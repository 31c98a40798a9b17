import { expect, test } from 'vitest';
import { Random } from '../support/random.js';
import { openLog, readAll } from './logs.js';
import { SimulatedDisk } from './simulated-disk.js';

/** A block or a segment's header: what a wrong byte in it takes with it. */
interface Part {
  readonly name: string;
  readonly offset: number;
  readonly end: number;
  /** The frames that can be read no more. */
  readonly lost: readonly string[];
}

const BLOCK_HEADER_BYTES = 32;

test('one wrong byte anywhere costs the block that it is in, which is set aside, and no other', () => {
  const { files, parts, texts } = storedLog();
  for (const part of parts) {
    for (let at = part.offset; at < part.end; at++) {
      for (const bits of [0x01, 0x80, 0xff]) {
        const disk = new SimulatedDisk(new Random(1));
        for (const [name, bytes] of files) disk.put('segments', name, bytes);
        const damaged = disk.file('segments', part.name).bytes;
        damaged.writeUInt8(damaged.readUInt8(at) ^ bits, at);
        const log = openLog(disk);
        const where = `byte ${at} of ${part.name} ^ ${bits}`;

        const read = readAll(log).map(({ frames }) => frames.toString());
        expect(read, where).toEqual(texts.filter((text) => !part.lost.includes(text)));
        expect(log.recovery, where).toEqual({ torn: [], newer: [], unreadable: [] });
        const isHeader = part.offset === 0;
        const bytes = isHeader ? damaged.length : part.end - part.offset;
        expect(log.damage, where).toMatchObject([{ offset: part.offset, bytes, isKept: true }]);
        const [name = ''] = disk.names('quarantine');
        const kept = disk.file('quarantine', name).bytes;
        const expected = isHeader ? damaged : damaged.subarray(part.offset, part.end);
        expect(kept.equals(expected), where).toBe(true);
        expect(log.append(Buffer.from('more'), 1, []).segment, where).toBe(4);
      }
    }
  }
}, 60_000);

/** Three segments with several blocks and late tags, and where everything stands in them. */
function storedLog() {
  const disk = new SimulatedDisk(new Random(1));
  const log = openLog(disk);
  const parts: Part[] = [];
  const texts: string[] = [];
  const tags = ['a'];
  for (const id of [1, 2, 3]) {
    const name = `${id}`.padStart(16, '0').concat('.segment');
    const ofSegment: string[] = [];
    let end = 0;
    for (let block = 0; block < 3; block++) {
      if (block === 2) tags.push(`late ${id}`);
      const text = `entries ${block} of ${id}`;
      log.append(Buffer.from(text), 1 + block, tags);
      const { bytes } = disk.file('segments', name);
      const offset = bytes.lastIndexOf(text) - BLOCK_HEADER_BYTES;
      if (block === 2) parts.push({ name, offset: end, end: offset, lost: [] });
      if (block === 0) parts.push({ name, offset: 0, end: offset, lost: ofSegment });
      parts.push({ name, offset, end: bytes.length, lost: [text] });
      end = bytes.length;
      ofSegment.push(text);
      texts.push(text);
    }
    log.seal();
  }
  const files = new Map(
    disk.names('segments').map((name) => [name, disk.file('segments', name).bytes]),
  );
  return { files, parts, texts };
}
