import {
  Compression,
  DecodeError,
  encodeConfirmDittoBlock,
  encodeConfirmEntry,
  encodePong,
  SnappyFramingEncoder,
} from '@ringest/codec';
import { ConnectionLoss } from '@ringest/workers/internal';
import { describe, expect, it } from 'vitest';
import { unpack } from '../support/snappy.js';
import { dittoBlock, makeStream } from '../support/stream.js';

describe('a stream', () => {
  it('goes on after a flush that was the last of what its socket was full of', async () => {
    const { stream, socket, write } = makeStream();
    write('one');
    stream.sender.flush();
    await socket.release();
    await socket.release();
    write('two');
    await socket.release();
    const sent = Buffer.concat(socket.written).toString('latin1');
    expect(sent).toContain('one');
    expect(sent).toContain('two');
  });

  it('reads runs of confirmations around other commands, at any boundaries', async () => {
    const confirmations = [1, 2, 3, 4, 5].map(encodeConfirmEntry);
    const [first, second, ...others] = confirmations as [Buffer, Buffer, ...Buffer[]];
    const whole = Buffer.concat([encodePong(), first, second, first, encodePong(), ...others]);
    for (let cut = 0; cut <= whole.length; cut++) {
      const { socket, write, receive, reader, lost } = makeStream();
      for (let i = 0; i < 5; i++) {
        write(`entry ${i}`);
        await socket.release();
      }
      receive(whole.subarray(0, cut));
      receive(whole.subarray(cut));
      expect(reader.unconfirmed, `cut at ${cut}`).toBe(0);
      expect(lost).toEqual([]);
    }
  });

  it('is proved once something is confirmed on it', async () => {
    const { stream, socket, write, receive } = makeStream();
    write('one');
    await socket.release();
    receive(encodePong());
    expect(stream.isProved).toBe(false);
    receive(encodeConfirmEntry(1));
    expect(stream.isProved).toBe(true);
    const another = makeStream();
    another.stream.sender.sendDitto(dittoBlock(7));
    expect(another.stream.isProved).toBe(false);
    another.receive(encodeConfirmDittoBlock(0));
    expect(another.stream.isProved).toBe(true);
  });

  it('is proved as well once it has lasted for the longest delay between attempts', () => {
    const { stream, clock } = makeStream({ times: { mostRetry: 30_000 } });
    clock.advance(29_999);
    expect(stream.isProved).toBe(false);
    clock.advance(1);
    expect(stream.isProved).toBe(true);
  });

  it('says of its end that nothing was confirmed, if something was sent', async () => {
    const { stream, socket, write, receive } = makeStream();
    const reset = new ConnectionLoss('lost', 'read ECONNRESET');
    expect(stream.explain(reset)).toBe(reset);
    write('one');
    await socket.release();
    expect(stream.explain(reset)).toMatchObject({
      reason: 'lost',
      message: expect.stringMatching(/^read ECONNRESET: .* confirmed nothing .*\(entries: 1\)/),
    });
    const decoding = new DecodeError('command', 'it is unknown');
    expect(stream.explain(decoding)).toBe(decoding);
    receive(encodeConfirmEntry(1));
    expect(stream.explain(reset)).toBe(reset);
  });

  it('does not end a ditto block that is confirmed before it is wholly sent, until it is', async () => {
    const { stream, socket, receive, ends } = makeStream();
    stream.sender.sendDitto(dittoBlock(7));
    receive(encodeConfirmDittoBlock(0));
    expect(ends).toEqual([]);
    await socket.release();
    await socket.release();
    expect(ends).toEqual([[7, { kind: 'stored' }]]);
    stream.sender.sendDitto(dittoBlock(8));
    receive(encodeConfirmDittoBlock(5));
    stream.end();
    stream.dittos.end();
    expect(ends[1]).toEqual([8, { kind: 'refused', result: 5 }]);
  });

  it('is lost with a confirmation of an entry that was never sent, and keeps the others', async () => {
    const { socket, write, receive, reader, lost } = makeStream();
    write('one');
    await socket.release();
    receive(encodeConfirmEntry(1), encodeConfirmEntry(2));
    expect(reader.unconfirmed).toBe(0);
    expect(String(lost[0])).toContain('never sent');
  });

  it('keeps the bytes of what is confirmed before it is wholly sent, until it is', async () => {
    const { socket, write, receive, reader, lost } = makeStream();
    write('one');
    receive(encodeConfirmEntry(1));
    expect(reader.unconfirmed).toBeGreaterThan(0);
    await socket.release();
    expect(reader.unconfirmed).toBe(0);
    write('two');
    write('three');
    receive(encodeConfirmEntry(2));
    await socket.release();
    expect(reader.unconfirmed).toBeGreaterThan(0);
    receive(encodeConfirmEntry(3));
    expect(reader.unconfirmed).toBeGreaterThan(0);
    await socket.release();
    expect(reader.unconfirmed).toBe(0);
    expect(lost).toEqual([]);
  });

  it('takes the confirmation of an entry that is sent, whatever is written behind it', async () => {
    const { stream, socket, write, receive, reader, lost } = makeStream();
    write('one');
    stream.sender.flush();
    await socket.release();
    receive(encodeConfirmEntry(1));
    expect(lost).toEqual([]);
    expect(reader.unconfirmed).toBe(0);
  });

  it('lets the event loop read once a quarter of its ring is sent', async () => {
    const { stream, socket, writer, receive, reader } = makeStream();
    socket.takesAtOnce = true;
    const data = Buffer.alloc(954, 'x');
    for (let i = 0; i < 60; i++) {
      expect(writer.write(0, 0, 0, undefined, data, undefined)).toBe(true);
    }
    writer.commit();
    stream.sender.pump();
    expect(reader.unconfirmed).toBeGreaterThanOrEqual(16_384);
    expect(reader.unconfirmed).toBeLessThan(3 * 16_384);
    const [first] = socket.written as [Buffer];
    // The socket calls back at the end of this step.
    await Promise.resolve();
    receive(...Array.from({ length: first.length / 1000 }, (_, i) => encodeConfirmEntry(i + 1)));
    expect(reader.released).toBe(first.length);
    while (reader.available() > 0) await new Promise(setImmediate);
    expect(Buffer.concat(socket.written)).toHaveLength(60_000);
  });

  it('sends compressed what was agreed to be', async () => {
    const { socket, write, receive, reader, lost } = makeStream({
      compression: Compression.snappy,
    });
    const packer = new SnappyFramingEncoder();
    write('one '.repeat(1000));
    await socket.release();
    receive(packer.encode(encodeConfirmEntry(1)));
    expect(reader.unconfirmed).toBe(0);
    write('two');
    await socket.release();
    const sent = Buffer.concat(socket.written);
    expect(sent.length).toBeLessThan(1000);
    const plain = unpack(sent).toString('latin1');
    expect(plain).toContain('one '.repeat(1000));
    expect(plain).toContain('two');
    expect(lost).toEqual([]);
  });

  it('reads compressed confirmations at any boundaries, in chunks of any size', async () => {
    const packer = new SnappyFramingEncoder();
    const confirmations = Buffer.concat(
      Array.from({ length: 6000 }, (_, i) => encodeConfirmEntry(i + 1)),
    );
    const pongs = Buffer.alloc(65536, encodePong());
    const whole = Buffer.concat([pongs, confirmations].map((bytes) => packer.encode(bytes)));
    for (let cut = 0; cut <= whole.length; cut += 709) {
      const { socket, write, receive, reader, lost } = makeStream({
        compression: Compression.snappy,
      });
      for (let i = 0; i < 5; i++) {
        write(`entry ${i}`);
        await socket.release();
      }
      receive(whole.subarray(0, cut));
      receive(whole.subarray(cut));
      expect(reader.unconfirmed, `cut at ${cut}`).toBe(0);
      // The sixth was never sent.
      expect(lost).toHaveLength(1);
    }
  });

  it.each([
    ['a chunk with a wrong checksum', 'ff060000734e61507059' + '01090000bb1f1c1868656c6c6f'],
    ['a block that promises 4 GiB', 'ff060000734e61507059' + '0009000000000000ffffffff0f'],
    ['bytes that are not compressed', 'f6e0307e0100000000000000'],
  ])('is lost with %s', (_name, hex) => {
    const { receive, lost } = makeStream({ compression: Compression.snappy });
    receive(Buffer.from(hex, 'hex'));
    expect(lost[0]).toBeInstanceOf(DecodeError);
  });
});
