import {
  decodeEntry,
  decodeEnumeratedBlock,
  encodeEntry,
  encodeEnumeratedBlock,
  Source,
  Timestamp,
} from '@ringest/codec';
import { Bench } from 'tinybench';

/** `pnpm bench codec`: encode and decode, without rings and sockets. */
export async function runCodec(): Promise<void> {
  const bench = new Bench({ name: 'codec', time: 500 });
  const timestamp = Timestamp.parse('2026-11-22T12:34:56.789012345Z');
  const source = Source.parse('10.1.2.3');
  const values = { host: 'web-1', status: 200, took: 1.25 };
  for (const size of [64, 256, 1024]) {
    const entry = { timestamp, source, tag: 7, data: Buffer.alloc(size, 'x') };
    const encoded = encodeEntry(entry);
    bench
      .add(`encode ${size} bytes`, () => encodeEntry(entry))
      .add(`decode ${size} bytes`, () => decodeEntry(encoded));
  }
  const block = encodeEnumeratedBlock(values);
  bench
    .add('encode three values', () => encodeEnumeratedBlock(values))
    .add('decode three values', () => decodeEnumeratedBlock(block))
    .add('parse a timestamp', () => Timestamp.parse('2026-11-22T12:34:56.789012345Z'))
    .add('parse a source', () => Source.parse('2001:db8::1'));
  await bench.run();
  console.table(bench.table());
}
