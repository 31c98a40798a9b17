import {
  Command,
  DecodeError,
  EMPTY_INGESTER_STATE,
  type Entry,
  encodeApiVersion,
  encodeDittoBlock,
  encodeForceAck,
  encodeIngesterState,
  encodeIngestOk,
  encodePing,
  encodeStreamConfiguration,
  encodeTag,
  FLAG_VALUES,
  type IndexerCommand,
  type IndexerTag,
  type IngesterIdentity,
  type IngesterState,
  LimitError,
  SnappyFramingEncoder,
  UnknownCommandError,
} from '@ringest/codec';
import {
  ConnectionLostError,
  type EntryHandler,
  EntryReader,
  type EntryView,
  IngesterTimeoutError,
  SILENCE_TIMEOUT_MS,
  TagNotGrantedError,
} from '@ringest/indexer';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodeFrame } from '../support/ingester-client.js';
import { MemoryStream } from '../support/memory-stream.js';
import { cut, readIndexerSide, readIngesterSide, recorded, SESSIONS } from '../support/sessions.js';
import { unpack } from '../support/snappy.js';
import { FUZZ_TIMEOUT_MS, fuzzRuns } from '../support/vectors.js';
import { eventually, turn, watch } from '../support/waiting.js';

const TAG = 500 as IndexerTag;
const FIRST = encodeFrame(1, { timestamp: 0, tag: 7, data: 'first', source: '10.0.0.1' });
const SECOND = encodeFrame(2 ** 32 + 2, { timestamp: 1.5, tag: 8, data: 'second', source: '::1' });
const VALUED = encodeFrame(3, { timestamp: 0, tag: 9, data: 'third', enumeratedValues: { n: 1 } });

class Recorder implements EntryHandler {
  readonly entries: [id: number, entry: Entry][] = [];
  readonly tags: string[] = [];
  readonly identities: IngesterIdentity[] = [];
  readonly states: (IngesterState | DecodeError)[] = [];

  onEntry(entry: EntryView): void {
    this.entries.push([entry.id, entry.decode()]);
  }

  negotiateTag(name: string): IndexerTag {
    this.tags.push(name);
    if (name === 'refused') throw new TagNotGrantedError(name, 'it is refused');
    return TAG;
  }

  onIdentity(identity: IngesterIdentity): void {
    this.identities.push(identity);
  }

  onIngesterState(state: IngesterState | DecodeError): void {
    this.states.push(state);
  }
}

/** A reader at work on a stream of the test's. */
function start(
  handler: Partial<EntryHandler> = {},
  limits: ConstructorParameters<typeof EntryReader>[2] = {},
) {
  const stream = new MemoryStream();
  const recorder = Object.assign(new Recorder(), handler);
  const reader = new EntryReader(stream, recorder, limits);
  // Whoever expects an error awaits `run` itself.
  const run = reader.run();
  run.catch(() => {});
  return { stream, recorder, reader, run };
}

/** Lets pieces arrive, then the end; what came out and what was answered. */
async function readAll(pieces: Iterable<Uint8Array>, handler: Partial<EntryHandler> = {}) {
  const { stream, recorder, run } = start(handler);
  for (const piece of pieces) stream.receive(piece);
  stream.receiveEnd();
  await run;
  return { recorder, output: stream.output };
}

/** The commands in what a reader wrote. */
function commands(output: Buffer): IndexerCommand[] {
  const handshake = recorded('session-plain', 'indexer').slice(0, 3);
  return readIndexerSide([...handshake, output]).slice(3) as IndexerCommand[];
}

function u32(...words: number[]): Buffer {
  const encoded = Buffer.alloc(4 * words.length);
  words.forEach((word, i) => {
    encoded.writeUInt32LE(word, 4 * i);
  });
  return encoded;
}

afterEach(() => {
  vi.useRealTimers();
});

describe.each(SESSIONS)('the recorded ingester of %s', (name) => {
  const HOT_STATE_BYTES = 27;
  const [response, tagRequest, ...hot] = recorded(name, 'ingester') as [Buffer, Buffer, Buffer];
  const whole = Buffer.concat(hot).subarray(HOT_STATE_BYTES);
  const entries = readIngesterSide([response, tagRequest, ...hot]).flatMap((message) =>
    message.kind === 'entry' ? [[message.id, message.entry]] : [],
  );
  const handshake = recorded(name, 'indexer').slice(0, 3);
  const replies = readIndexerSide(recorded(name, 'indexer')).filter(({ kind }) => kind !== 'pong');
  const negotiateTag = () => 13 as IndexerTag;

  async function expectReplay(pieces: Iterable<Uint8Array>): Promise<void> {
    const { recorder, output } = await readAll(pieces, { negotiateTag });
    expect(recorder.entries).toEqual(entries);
    expect(readIndexerSide([...handshake, output])).toEqual(replies);
  }

  it('is read whole and answered as the reference answered it', async () => {
    await expectReplay([whole]);
  });

  it('is read the same byte by byte', async () => {
    await expectReplay(cut(whole, [1]));
  });

  it(
    'is read the same at any chunk boundaries',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 150 }), { minLength: 1 }), (sizes) =>
          expectReplay(cut(whole, sizes)),
        ),
        fuzzRuns(100),
      );
    },
    FUZZ_TIMEOUT_MS,
  );
});

describe('an entry', () => {
  it('is seen where it lies, field by field', async () => {
    const seen: unknown[] = [];
    await readAll([FIRST, SECOND], {
      onEntry(entry) {
        seen.push([
          entry.id,
          entry.tag,
          entry.timestampBytes.toString('hex'),
          entry.sourceBytes.toString('hex'),
          entry.data.toString(),
          entry.dataLength,
          entry.valuesLength,
        ]);
      },
    });
    const timestamp = (frame: Buffer) => frame.subarray(8, 20).toString('hex');
    expect(seen).toEqual([
      [1, 7, timestamp(FIRST), '0a000001', 'first', 5, 0],
      [2 ** 32 + 2, 8, timestamp(SECOND), '1'.padStart(32, '0'), 'second', 6, 0],
    ]);
  });

  it('shows its enumerated values', async () => {
    const seen: unknown[] = [];
    await readAll([VALUED, FIRST], {
      onEntry: (entry) => {
        seen.push(entry.enumeratedValues.map(({ name, value }) => [name, value]));
      },
    });
    expect(seen).toEqual([[['n', 1n]], []]);
  });

  it('is confirmed with its own id, after the handler took it', async () => {
    const { output } = await readAll([FIRST, SECOND, VALUED]);
    expect(commands(output)).toEqual([
      { kind: 'confirmEntry', id: 1 },
      { kind: 'confirmEntry', id: 2 ** 32 + 2 },
      { kind: 'confirmEntry', id: 3 },
    ]);
  });

  it('is not confirmed when the handler throws, but those before it are', async () => {
    const { stream, run } = start({
      onEntry(entry) {
        if (entry.tag === 8) throw new Error('not this one');
      },
    });
    stream.receive(Buffer.concat([FIRST, SECOND, VALUED]));
    await expect(run).rejects.toThrow('not this one');
    expect(commands(stream.output)).toEqual([{ kind: 'confirmEntry', id: 1 }]);
    expect(stream.writableEnded).toBe(true);
  });

  it('is confirmed in bulk: one write for what arrives together', async () => {
    const { stream, run } = start();
    const ids = Array.from({ length: 20_000 }, (_, i) => i + 1);
    const frames = ids.map((id) => encodeFrame(id, { timestamp: 0, tag: 7, data: 'x' }));
    for (const piece of cut(Buffer.concat(frames), [65_536])) stream.receive(piece);
    stream.receiveEnd();
    await run;
    expect(commands(stream.output).map((command) => 'id' in command && command.id)).toEqual(ids);
    expect(stream.written.length).toBeLessThanOrEqual(6);
  });
});

describe('commands', () => {
  it('are answered after the confirmations of what came before them', async () => {
    const stream = Buffer.concat([FIRST, encodeTag('new'), encodePing(), encodeTag('refused')]);
    const { recorder, output } = await readAll([stream, encodePing()]);
    expect(recorder.tags).toEqual(['new', 'refused']);
    expect(commands(output)).toEqual([
      { kind: 'confirmEntry', id: 1 },
      { kind: 'confirmTag', tag: TAG },
      { kind: 'pong' },
      { kind: 'errorTag' },
      { kind: 'pong' },
    ]);
  });

  it('such as FORCE_ACK have the confirmations sent before anything else is read', async () => {
    const confirmedAtSecond: number[] = [];
    const { stream, run } = start({
      onEntry(entry) {
        if (entry.tag === 8) confirmedAtSecond.push(stream.output.length);
      },
    });
    stream.receive(Buffer.concat([FIRST, encodeForceAck(), SECOND]));
    stream.receiveEnd();
    await run;
    expect(confirmedAtSecond).toEqual([12]);
  });

  it('such as INGESTER_STATE are confirmed even if the state cannot be read', async () => {
    const broken = Buffer.concat([u32(Command.ingesterState, 3), Buffer.from('{x}')]);
    const { recorder, output } = await readAll([encodeIngesterState(EMPTY_INGESTER_STATE), broken]);
    expect(recorder.states).toEqual([EMPTY_INGESTER_STATE, expect.any(DecodeError)]);
    expect(commands(output)).toEqual(Array(2).fill({ kind: 'confirmIngesterState' }));
  });

  it('expect no stream configuration of an ingester that is too old for one', async () => {
    const { recorder } = await readAll([encodeApiVersion(4), encodeIngestOk(), FIRST]);
    expect(recorder.entries).toHaveLength(1);
    expect((await readAll([encodeIngestOk(), FIRST])).recorder.entries).toHaveLength(1);
  });

  it('expect a stream configuration only once', async () => {
    const { recorder } = await readAll([
      encodeApiVersion(9),
      encodeIngestOk(),
      encodeStreamConfiguration(0),
      encodeIngestOk(),
      FIRST,
    ]);
    expect(recorder.entries).toHaveLength(1);
  });

  it('are compressed both ways after an agreement on snappy, from the very next byte', async () => {
    const packer = new SnappyFramingEncoder();
    const before = [encodeApiVersion(9), encodeIngestOk(), encodeStreamConfiguration(0x10)];
    const { recorder, output } = await readAll([
      Buffer.concat([...before, packer.encode(FIRST)]),
      packer.encode(encodePing()),
    ]);
    expect(recorder.entries).toHaveLength(1);
    const plainBytes = 4 + 12 + 5;
    const plain = unpack(output.subarray(plainBytes));
    expect(commands(plain)).toEqual([{ kind: 'confirmEntry', id: 1 }, { kind: 'pong' }]);
  });
});

describe('a ditto block', () => {
  it('is confirmed as a whole, its entries not one by one', async () => {
    const stream = Buffer.concat([encodeDittoBlock(2), FIRST, SECOND, VALUED, encodeDittoBlock(0)]);
    for (const pieces of [[stream], cut(stream, [1])]) {
      const { recorder, output } = await readAll(pieces);
      expect(recorder.entries).toHaveLength(3);
      expect(commands(output)).toEqual([
        { kind: 'confirmDittoBlock', result: 0 },
        { kind: 'confirmEntry', id: 3 },
        { kind: 'confirmDittoBlock', result: 0 },
      ]);
    }
  });

  it('must have nothing but entries in it', async () => {
    const { stream, run } = start();
    stream.receive(Buffer.concat([encodeDittoBlock(2), FIRST, encodePing()]));
    await expect(run).rejects.toThrow(DecodeError);
    expect(stream.output).toHaveLength(0);
  });
});

describe('what is not the protocol', () => {
  const badValues = Buffer.from(VALUED);
  badValues.writeUInt8(99, VALUED.length - 8 - 'n'.length - 2);

  it.each([
    ['an unknown word', u32(0xfeedbeef), UnknownCommandError],
    ['a word that only an indexer says', u32(Command.pong), UnknownCommandError],
    ['a tag name over its limit', u32(Command.tag, 4097), LimitError],
    ['an ingester state over its limit', u32(Command.ingesterState, 2 ** 20 + 1), LimitError],
    ['a block of values over its limit', overlongValues(), LimitError],
    ['malformed values', badValues, DecodeError],
  ])('ends the connection, and what came before is confirmed: %s', async (_name, bytes, error) => {
    for (const pieces of [
      [Buffer.concat([FIRST, bytes])],
      cut(Buffer.concat([FIRST, bytes]), [1]),
    ]) {
      const { stream, recorder, run } = start();
      for (const piece of pieces) stream.receive(piece);
      await expect(run).rejects.toThrow(error);
      expect(recorder.entries).toHaveLength(1);
      expect(commands(stream.output)).toEqual([{ kind: 'confirmEntry', id: 1 }]);
      expect(stream.writableEnded).toBe(true);
    }
  });

  it('is a message that is cut off by the end of the connection', async () => {
    const { stream, run } = start();
    stream.receive(FIRST.subarray(0, 20));
    stream.receiveEnd();
    await expect(run).rejects.toThrow(ConnectionLostError);
  });

  it(
    'never makes a reader hang or throw anything but its own errors, whatever arrives',
    async () => {
      const part = fc.oneof(
        fc.uint8Array({ maxLength: 30 }),
        fc.constantFrom(FIRST, SECOND, VALUED, encodePing(), encodeTag('a'), encodeDittoBlock(1)),
        fc.constantFrom(encodeApiVersion(9), encodeIngestOk(), encodeStreamConfiguration(0x10)),
      );
      const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 });
      await fc.assert(
        fc.asyncProperty(fc.array(part), sizes, async (parts, pieces) => {
          try {
            await readAll(cut(Buffer.concat(parts), pieces));
          } catch (error) {
            if (!(error instanceof ConnectionLostError)) expect(error).toBeInstanceOf(DecodeError);
          }
        }),
        fuzzRuns(500),
      );
    },
    FUZZ_TIMEOUT_MS,
  );
});

function overlongValues(): Buffer {
  const head = Buffer.from(FIRST.subarray(0, 46));
  head.writeUInt32LE(FLAG_VALUES, 4);
  return Buffer.concat([head, u32(2 ** 25 + 1, 1)]);
}

describe('memory', () => {
  it('is taken for what has arrived of a message, not for what it promises', async () => {
    const { stream, reader, run } = start();
    const head = Buffer.from(FIRST.subarray(0, 46));
    head.writeUInt32LE(2 ** 30 - 1, 4);
    stream.receive(Buffer.concat([head, Buffer.alloc(1000)]));
    await eventually(() => expect(reader.heldBytes).toBeGreaterThan(0));
    expect(reader.heldBytes).toBeLessThan(5000);
    reader.stop();
    await run;
  });

  it('is bounded behind an ingester that does not read: nothing more is read from it', async () => {
    const { stream, recorder, run } = start();
    stream.stalled = true;
    const many = Buffer.concat(Array(1000).fill(encodePing()));
    let sent = 0;
    while (!stream.isPaused()) {
      stream.receive(many);
      sent += 1000;
      await new Promise(setImmediate);
      expect(sent).toBeLessThan(20_000);
    }
    stream.receive(FIRST);
    await new Promise(setImmediate);
    expect(recorder.entries).toHaveLength(0);
    stream.resumeWrites();
    await eventually(() => expect(recorder.entries).toHaveLength(1));
    stream.receiveEnd();
    await run;
    expect(commands(stream.output)).toHaveLength(sent + 1);
  });
});

describe('time', () => {
  function startWithClock(handler: Partial<EntryHandler> = {}) {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    return start(handler);
  }

  it('makes the indexer say PONG when it has said nothing for a second', async () => {
    const { stream, reader, run } = startWithClock();
    vi.advanceTimersByTime(1000);
    expect(commands(stream.output)).toEqual([{ kind: 'pong' }]);
    vi.advanceTimersByTime(2000);
    expect(commands(stream.output)).toHaveLength(3);
    reader.stop();
    await run;
  });

  it('brings no PONG in a second in which it said something', async () => {
    const { stream, reader, run } = startWithClock();
    stream.receive(FIRST);
    await eventually(() => expect(stream.output).toHaveLength(12));
    vi.advanceTimersByTime(1000);
    expect(stream.output).toHaveLength(12);
    vi.advanceTimersByTime(1000);
    expect(stream.output).toHaveLength(16);
    reader.stop();
    await run;
  });

  it('brings no PONG where the ingester expects the stream configuration', async () => {
    const { stream, reader, run } = startWithClock();
    stream.receive(Buffer.concat([encodeApiVersion(9), encodeIngestOk()]));
    await eventually(() => expect(stream.output).toHaveLength(16));
    vi.advanceTimersByTime(5000);
    expect(stream.output).toHaveLength(16);
    reader.stop();
    await run;
  });

  it('ends a connection on which nothing was heard for ten minutes', async () => {
    const { run } = startWithClock();
    vi.advanceTimersByTime(SILENCE_TIMEOUT_MS);
    await expect(run).rejects.toThrow(IngesterTimeoutError);
  });

  it('does not count as silence while the ingester waits for confirmations', async () => {
    let confirm: (() => void) | undefined;
    const beforeConfirm = () =>
      new Promise<void>((resolve) => {
        confirm = resolve;
      });
    const { stream, run } = startWithClock({ beforeConfirm });
    const ended = watch(run);
    stream.receive(FIRST);
    await eventually(() => expect(confirm).toBeDefined());
    vi.advanceTimersByTime(2 * SILENCE_TIMEOUT_MS);
    await turn();
    expect(ended.settled).toBe(false);
    confirm?.();
    await eventually(() =>
      expect(commands(stream.output)).toContainEqual({ kind: 'confirmEntry', id: 1 }),
    );
    vi.advanceTimersByTime(SILENCE_TIMEOUT_MS);
    await expect(run).rejects.toThrow(IngesterTimeoutError);
  });
});

describe('the most bytes of an entry', () => {
  const frame = (id: number, bytes: number) =>
    encodeFrame(id, { timestamp: 0, tag: 1, data: Buffer.alloc(bytes) });

  it('end the connection after what came before', async () => {
    const { stream, recorder, run } = start({}, { maxEntryBytes: 100 });
    stream.receive(Buffer.concat([frame(1, 100), frame(2, 0), frame(3, 101), frame(4, 1)]));
    await expect(run).rejects.toMatchObject({ code: 'ERR_LIMIT', value: 101, limit: 100 });
    expect(recorder.entries).toHaveLength(2);
    expect(commands(stream.output)).toEqual([1, 2].map((id) => ({ kind: 'confirmEntry', id })));
  });

  it.each([
    ['at once', 46],
    ['byte by byte', 1],
  ])('are looked at when the header is there, and nothing else of it: %s', async (_how, piece) => {
    const { stream, run, reader } = start({}, { maxEntryBytes: 100 });
    const header = frame(1, 101).subarray(0, 46);
    for (let at = 0; at < 46; at += piece) stream.receive(header.subarray(at, at + piece));
    await expect(run).rejects.toThrow(LimitError);
    expect(reader.heldBytes).toBeLessThan(200);
  });
});

describe('stopping', () => {
  it('confirms what was taken, ends the stream, and is allowed twice', async () => {
    const { stream, reader, recorder, run } = start();
    stream.receive(FIRST);
    await eventually(() => expect(recorder.entries).toHaveLength(1));
    reader.stop();
    reader.stop();
    await run;
    expect(commands(stream.output)).toEqual([{ kind: 'confirmEntry', id: 1 }]);
    expect(stream.writableEnded).toBe(true);
  });

  it('reports the error of a stream that fails', async () => {
    const { stream, run } = start();
    stream.destroy(new Error('cable cut'));
    await expect(run).rejects.toThrow('cable cut');
  });

  it('tells the ingester to wait when it is asked to', async () => {
    const { stream, reader, run } = start();
    reader.throttle(1e9);
    reader.stop();
    await run;
    expect(commands(stream.output)).toEqual([{ kind: 'throttle', nanoseconds: 1e9 }]);
  });
});
