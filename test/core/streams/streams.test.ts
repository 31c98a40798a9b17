import { once } from 'node:events';
import { createReadStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  EntryBlock,
  type EntryChunk,
  InvalidArgumentError,
  InvalidEntryError,
  type LineRefusedError,
  NotRunningError,
  UnknownTagError,
} from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrivals } from '../../support/arrivals.js';
import { closeAtOnce, coldMuxer } from '../../support/cache-time.js';
import { cachedData, copyAsAfterCrash, unusedAddress, withCache } from '../../support/caching.js';
import { FIXED, LineWriting } from '../../support/line-writing.js';
import { hotMuxer, SMALL_RING } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { turn, until, watch } from '../../support/waiting.js';

const LINES = { ...FIXED, lines: true } as const;

function numberedLines(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `line ${i} ${'x'.repeat(i % 300)}`);
}

/** A muxer with the smallest ring, hot on an indexer that confirms nothing by itself. */
async function stalled() {
  const indexer = await ScriptedIndexer.listen();
  const muxer = await hotMuxer({ targets: [indexer.address], ringBytes: SMALL_RING });
  return { muxer, connection: await indexer.hot(0) };
}

describe('a stream of lines', () => {
  it('makes an entry of each line of a file, also of the last one without an end', async () => {
    const writing = await LineWriting.start();
    const lines = numberedLines(5000);
    const path = join(temporaryDirectory(), 'lines');
    writeFileSync(path, lines.join('\r\n'));
    const stream = writing.muxer.writable(LINES);
    await pipeline(createReadStream(path, { highWaterMark: 1000 }), stream);
    expect(stream.stats()).toEqual({ entries: 5000, refused: 0 });
    expect(writing.muxer.stats().confirmedEntries).toBe(5000);
    await writing.expectLines(lines);
  });

  it('has the options of a line writer', async () => {
    const writing = await LineWriting.start();
    const refused: LineRefusedError[] = [];
    const stream = writing.muxer.writable({
      ...LINES,
      delimiter: ';',
      maxLineBytes: 4,
      longLines: 'refuse',
      onRefused: (error) => refused.push(error),
    });
    await pipeline(['one;', 'too long;two'], stream);
    expect(refused.map(({ reason }) => reason)).toEqual(['length']);
    expect(stream.stats()).toEqual({ entries: 2, refused: 1 });
    await writing.expectLines(['one', 'two']);
  });

  it('holds no more than highWaterMark while there is no room', async () => {
    const { muxer, connection } = await stalled();
    const stream = muxer.writable({ ...LINES, highWaterMark: 5000 });
    const line = `${'x'.repeat(999)}\n`;
    let written = 0;
    let goesOn = true;
    for (; goesOn && written < 1000; written++) {
      goesOn = stream.write(line);
      if (!goesOn && !muxer.willBlock()) {
        await once(stream, 'drain');
        goesOn = true;
      }
    }
    expect(goesOn).toBe(false);
    expect(stream.writableLength).toBeGreaterThanOrEqual(5000);
    const drained = watch(once(stream, 'drain'));
    await turn();
    expect(drained.settled).toBe(false);
    stream.end();
    const finished = watch(once(stream, 'finish'));
    while (connection.frames.length < written) {
      const seen = connection.frames.length;
      connection.confirmThrough(seen);
      await connection.entries(Math.min(written, seen + 1));
    }
    expect(finished.settled).toBe(false);
    connection.confirmThrough(written);
    await finished.promise;
  });

  it('asks a source for no more than finds room', async () => {
    const { muxer, connection } = await stalled();
    let given = 0;
    async function* source() {
      for (; given < 400; given++) yield Buffer.from(`${'x'.repeat(999)}\n`);
    }
    const consumed = muxer.consume(source(), { ...LINES, highWaterMark: 2000 });
    await until('a full ring', () => muxer.willBlock());
    await turn();
    expect(given).toBeLessThan(100);
    const confirming = setInterval(() => connection.confirmThrough(connection.frames.length), 1);
    try {
      expect(await consumed).toEqual({ entries: 400, refused: 0 });
    } finally {
      clearInterval(confirming);
    }
  });
});

describe('a stream of objects', () => {
  it('takes text, bytes, entries and blocks, in their order', async () => {
    const writing = await LineWriting.start();
    const late = writing.muxer.negotiateTag('late');
    const block = new EntryBlock({ timestamp: 9 }).add('block 1').add(Buffer.from('block 2'));
    const chunks: EntryChunk[] = [
      'text',
      Buffer.from('bytes'),
      { data: 'of another tag', tag: late, timestamp: 8, source: '10.0.0.1' },
      block,
      { data: 'last', enumeratedValues: { level: 'info' } },
    ];
    const stream = writing.muxer.writable(FIXED);
    await pipeline(Readable.from(chunks), stream);
    expect(stream.stats()).toEqual({ entries: 6, refused: 0 });
    const arrived = await writing.arrived();
    const expected = [
      { ...FIXED, data: 'text' },
      { ...FIXED, data: 'bytes' },
      { ...FIXED, timestamp: 8, data: 'of another tag', source: '10.0.0.1' },
      { ...FIXED, timestamp: 9, data: 'block 1' },
      { ...FIXED, timestamp: 9, data: 'block 2' },
      { ...FIXED, data: 'last', enumeratedValues: { level: 'info' } },
    ];
    const wanted = expectedArrivals(expected).map((one, i) =>
      i === 2 ? { ...one, tag: 'late' } : one,
    );
    expectArrivals(arrived, wanted);
  });

  it('fails with what cannot be written, after what came before it', async () => {
    const writing = await LineWriting.start();
    const stream = writing.muxer.writable(FIXED);
    const chunks = ['one', { data: 7 }, 'three'];
    const failed = pipeline(Readable.from(chunks), stream);
    await expect(failed).rejects.toThrow(InvalidEntryError);
    expect(stream.destroyed).toBe(true);
    await writing.expectLines(['one']);
  });

  it('goes on without what cannot be written if there is onRefused', async () => {
    const writing = await LineWriting.start();
    const refused: unknown[] = [];
    const stream = writing.muxer.writable({
      ...FIXED,
      onRefused: (error, chunk) => refused.push([error.constructor, chunk]),
    });
    const bad = { data: 'x', tag: 999 };
    stream.cork();
    for (const chunk of ['one', bad, 'two', { data: 7 }, 'three']) stream.write(chunk);
    stream.uncork();
    stream.end();
    await once(stream, 'finish');
    expect(refused).toEqual([
      [UnknownTagError, bad],
      [InvalidEntryError, { data: 7 }],
    ]);
    expect(stream.stats()).toEqual({ entries: 3, refused: 2 });
    await writing.expectLines(['one', 'two', 'three']);
  });
});

it('many streams that fill the backlog wait for room in it, and none of them fails', async () => {
  const writing = await LineWriting.start({ backlogBytes: 4096 });
  const lines = Array.from({ length: 40 }, (_, i) => `${i} ${'x'.repeat(5000)}`);
  const chunks = lines.map((line) => `${line}\n`);
  const streams = Array.from({ length: 6 }, () => [
    writing.muxer.consume(chunks, LINES),
    writing.muxer.consume(lines, FIXED),
    writing.muxer.consume(
      lines.map((line) => new EntryBlock().add(line)),
      FIXED,
    ),
  ]).flat();
  const done = { entries: 40, refused: 0 };
  expect(await Promise.all(streams)).toEqual(streams.map(() => done));
  expect(await writing.arrived()).toHaveLength(40 * streams.length);
});

describe('the end of a stream', () => {
  it('comes once everything is confirmed, or accepted with finishWhen', async () => {
    const { muxer, connection } = await stalled();
    const confirmed = muxer.writable(FIXED);
    const accepted = muxer.writable({ ...FIXED, finishWhen: 'accepted' });
    const waits = watch(once(confirmed.end('one'), 'finish'));
    await once(accepted.end('two'), 'finish');
    await connection.entries(2);
    await turn();
    expect(waits.settled).toBe(false);
    connection.confirmThrough(2);
    await waits.promise;
  });

  it('comes with a journal once everything is on disk', async () => {
    const given = withCache([(await unusedAddress()).address], 'journal');
    const muxer = coldMuxer(given);
    const lines = numberedLines(300);
    await muxer.consume([lines.join('\n')], { ...LINES, finishWhen: 'accepted' });
    await muxer.consume(lines, { ...FIXED, finishWhen: 'accepted' });
    const copy = copyAsAfterCrash(given.cache.path);
    expect((await cachedData(copy)).sort()).toEqual([...lines, ...lines].sort());
    await closeAtOnce(muxer);
  });

  it('by a signal or destroy ends the waiting, and keeps what was accepted', async () => {
    const { muxer, connection } = await stalled();
    const stopping = new AbortController();
    const stream = muxer.writable({ ...FIXED, signal: stopping.signal });
    stream.end('one');
    await connection.entries(1);
    const failed = once(stream, 'error');
    stopping.abort();
    expect((await failed)[0]).toMatchObject({ name: 'AbortError' });
    const synced = muxer.sync();
    connection.confirmThrough(1);
    await synced;
  });

  it('by a closed muxer is an error', async () => {
    const writing = await LineWriting.start();
    const stream = writing.muxer.writable(LINES);
    await writing.muxer.close();
    stream.write('x\n');
    expect((await once(stream, 'error'))[0]).toBeInstanceOf(NotRunningError);
  });
});

describe('a web stream', () => {
  it('makes entries of lines and of objects, and closes once they are confirmed', async () => {
    const writing = await LineWriting.start();
    const lines = numberedLines(1000);
    const bytes = new Blob([lines.join('\n')]).stream();
    await bytes.pipeTo(writing.muxer.writableStream(LINES) as WritableStream);
    expect(writing.muxer.stats().confirmedEntries).toBe(1000);
    const writer = writing.muxer.writableStream(FIXED).getWriter();
    await writer.write('object');
    await writer.close();
    await writing.expectLines([...lines, 'object']);
  });

  it('pauses while there is no room, and ends the waiting when it is aborted', async () => {
    const { muxer } = await stalled();
    const writer = muxer.writableStream({ ...LINES, highWaterMark: 2000 }).getWriter();
    const written: Promise<void>[] = [];
    while ((writer.desiredSize ?? 0) > 0 && written.length < 1000) {
      written.push(writer.write(`${'x'.repeat(999)}\n`));
      if (!muxer.willBlock()) await Promise.all(written);
    }
    expect(writer.desiredSize).toBeLessThanOrEqual(0);
    const ends = Promise.allSettled(written);
    await writer.abort(new Error('enough'));
    expect((await ends).at(-1)?.status).toBe('rejected');
  });
});

describe('consume', () => {
  it('ends the iterable when writing fails, and passes on what the iterable throws', async () => {
    const writing = await LineWriting.start();
    let ended = false;
    async function* bad() {
      try {
        yield { data: 'one' };
        for (;;) yield { data: 'x', tag: 999 };
      } finally {
        ended = true;
      }
    }
    await expect(writing.muxer.consume(bad(), FIXED)).rejects.toThrow(UnknownTagError);
    await until('the end of the iterable', () => ended);
    function* failing() {
      yield 'two';
      throw new RangeError('from the source');
    }
    await expect(writing.muxer.consume(failing(), FIXED)).rejects.toThrow('from the source');
  });
});

describe('bad options', () => {
  it('are refused at once', async () => {
    const { muxer } = await stalled();
    const bad = [
      undefined,
      { tag: 0, lines: 'yes' },
      { tag: 0, finishWhen: 'sometime' },
      { tag: 0, highWaterMark: -1 },
      { tag: 0, onRefused: 7 },
      { tag: 0, lines: true, delimiter: '' },
    ];
    for (const options of bad) {
      expect(() => muxer.writable(options as never)).toThrow(InvalidArgumentError);
      expect(() => muxer.writableStream(options as never)).toThrow(InvalidArgumentError);
    }
    expect(() => muxer.writable({ tag: 7 })).toThrow(UnknownTagError);
    await expect(muxer.consume('text', FIXED)).rejects.toThrow(InvalidArgumentError);
  });
});

describe('an entry block', () => {
  it('grows, is written as a whole, and can be used again', async () => {
    const writing = await LineWriting.start();
    const block = new EntryBlock(FIXED);
    const first = numberedLines(2000);
    for (const line of first) block.add(line);
    expect(block.length).toBe(2000);
    const wait = writing.muxer.writeBlock(block);
    block.clear();
    block.add('ü').add(Buffer.alloc(0));
    const again = writing.muxer.writeBlock(block);
    await Promise.all([wait, again]);
    await writing.expectLines([...first, 'ü', '']);
  });

  it('refuses what is neither bytes nor text', () => {
    const block = new EntryBlock();
    expect(() => block.add(7 as never)).toThrow(InvalidArgumentError);
    expect(block.length).toBe(0);
  });
});
