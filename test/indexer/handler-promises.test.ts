import {
  encodeDittoBlock,
  encodeForceAck,
  encodePing,
  type IndexerCommand,
  type IndexerTag,
} from '@ringest/codec';
import {
  DittoRefusedError,
  type EntryHandler,
  EntryReader,
  InvalidOptionError,
} from '@ringest/indexer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrame } from '../support/ingester-client.js';
import { MemoryStream } from '../support/memory-stream.js';
import { readIndexerSide, recorded } from '../support/sessions.js';
import { fuzzRuns } from '../support/vectors.js';
import { turn } from '../support/waiting.js';

/** Promises that a handler has given away, in order. */
class Promises {
  readonly given: { resolve(): void; reject(error: Error): void }[] = [];

  readonly next = (): Promise<void> =>
    new Promise((resolve, reject) => this.given.push({ resolve, reject }));

  async resolve(index: number): Promise<void> {
    this.given[index]?.resolve();
    await settle();
  }

  async reject(index: number, error: Error): Promise<void> {
    this.given[index]?.reject(error);
    await settle();
  }
}

function start(handler: Partial<EntryHandler>) {
  const stream = new MemoryStream();
  const reader = new EntryReader(stream, {
    onEntry() {},
    negotiateTag: () => 500 as IndexerTag,
    ...handler,
  });
  const run = reader.run();
  run.catch(() => {});
  return { stream, reader, run };
}

function frames(count: number, firstId = 1, bytes = 4): Buffer {
  const entry = { timestamp: 0, tag: 7, data: Buffer.alloc(bytes), source: '10.0.0.1' };
  return Buffer.concat(Array.from({ length: count }, (_, i) => encodeFrame(firstId + i, entry)));
}

/** Lets everything happen that takes no time. */
async function settle(): Promise<void> {
  for (let i = 0; i < 4; i++) await turn();
}

async function arrive(stream: MemoryStream, ...pieces: Uint8Array[]): Promise<void> {
  for (const piece of pieces) {
    stream.receive(piece);
    await settle();
  }
}

function said(stream: MemoryStream): IndexerCommand[] {
  const handshake = recorded('session-plain', 'indexer').slice(0, 3);
  return readIndexerSide([...handshake, stream.output]).slice(3) as IndexerCommand[];
}

/** The ids that are confirmed, and what ditto blocks were answered with. */
const confirmed = (stream: MemoryStream) =>
  said(stream).flatMap((command): (number | string)[] => {
    if (command.kind === 'confirmEntry') return [command.id];
    return command.kind === 'confirmDittoBlock' ? [`ditto ${command.result}`] : [];
  });

describe('a promise of beforeConfirm', () => {
  it('holds back the confirmations that it is about, while more is read', async () => {
    const promises = new Promises();
    const { stream } = start({ beforeConfirm: promises.next });
    await arrive(stream, frames(2), frames(1, 3), encodeForceAck());
    expect(promises.given).toHaveLength(2);
    expect(confirmed(stream)).toEqual([]);
    await promises.resolve(0);
    expect(confirmed(stream)).toEqual([1, 2]);
    await promises.resolve(1);
    expect(confirmed(stream)).toEqual([1, 2, 3]);
  });

  it('lets no later confirmation overtake it, whatever the order of fulfilment', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), async (order) => {
        const promises = new Promises();
        const { stream, reader } = start({ beforeConfirm: promises.next });
        await arrive(stream, ...order.map((_, i) => frames(1, i + 1)));
        const done = new Set<number>();
        for (const index of order) {
          await promises.resolve(index);
          done.add(index);
          const whole = [0, 1, 2, 3, 4, 5].find((i) => !done.has(i)) ?? 0;
          expect(confirmed(stream)).toEqual(Array.from({ length: whole }, (_, i) => i + 1));
        }
        reader.stop();
      }),
      fuzzRuns(20),
    );
  });

  it('is waited for only if there is one', async () => {
    const promises = new Promises();
    let calls = 0;
    const { stream } = start({
      beforeConfirm: () => (calls++ === 0 ? promises.next() : undefined),
    });
    await arrive(stream, frames(1), frames(1, 2));
    expect(confirmed(stream)).toEqual([]);
    await promises.resolve(0);
    await arrive(stream, frames(1, 3));
    expect(confirmed(stream)).toEqual([1, 2, 3]);
  });

  it('does not hold back other replies', async () => {
    const promises = new Promises();
    const { stream } = start({ beforeConfirm: promises.next });
    await arrive(stream, frames(1), encodePing());
    expect(said(stream)).toEqual([{ kind: 'pong' }]);
  });

  it('that is rejected ends the connection, with nothing confirmed from there on', async () => {
    const promises = new Promises();
    const { stream, run } = start({ beforeConfirm: promises.next });
    await arrive(stream, frames(1), frames(1, 2), frames(1, 3));
    const error = new Error('the disk is full');
    await promises.resolve(2);
    await promises.resolve(0);
    await promises.reject(1, error);
    await expect(run).rejects.toBe(error);
    expect(confirmed(stream)).toEqual([1]);
    expect(stream.writableEnded).toBe(true);
  });

  it('is waited for when the ingester ends the connection, and when the reader is stopped', async () => {
    for (const end of ['ingester', 'reader']) {
      const promises = new Promises();
      const { stream, reader, run } = start({ beforeConfirm: promises.next });
      await arrive(stream, frames(2));
      if (end === 'ingester') stream.receiveEnd();
      else reader.stop();
      await settle();
      expect(stream.writableEnded).toBe(false);
      await promises.resolve(0);
      await run;
      expect(confirmed(stream)).toEqual([1, 2]);
    }
  });

  it('is not waited for on a connection that is gone', async () => {
    const promises = new Promises();
    const { stream, reader, run } = start({ beforeConfirm: promises.next });
    await arrive(stream, frames(2));
    reader.stop();
    stream.destroy();
    await run;
    await promises.resolve(0);
    expect(confirmed(stream)).toEqual([]);
  });

  it('is one of so many that no more is read, until some are fulfilled', async () => {
    const promises = new Promises();
    const { stream, reader } = start({ beforeConfirm: promises.next });
    for (let i = 1; !stream.isPaused(); i++) await arrive(stream, frames(1, i));
    const read = promises.given.length;
    await arrive(stream, frames(1, read + 1));
    expect(promises.given).toHaveLength(read);
    for (let i = 0; i < read; i++) promises.given[i]?.resolve();
    await settle();
    expect(promises.given).toHaveLength(read + 1);
    await promises.resolve(read);
    expect(confirmed(stream)).toEqual(Array.from({ length: read + 1 }, (_, i) => i + 1));
    reader.stop();
  });
});

describe('a promise of onEntry', () => {
  it('holds back the confirmation of its entry, and of all after it', async () => {
    const promises = new Promises();
    let calls = 0;
    const { stream } = start({ onEntry: () => (++calls % 2 === 0 ? promises.next() : undefined) });
    await arrive(stream, frames(4));
    expect(confirmed(stream)).toEqual([]);
    await promises.resolve(1);
    expect(confirmed(stream)).toEqual([]);
    await promises.resolve(0);
    expect(confirmed(stream)).toEqual([1, 2, 3, 4]);
  });

  it('stops reading beyond what has arrived', async () => {
    const promises = new Promises();
    const { stream } = start({ onEntry: promises.next });
    await arrive(stream, frames(3), frames(2, 4));
    expect(promises.given).toHaveLength(3);
    expect(stream.isPaused()).toBe(true);
    for (const { resolve } of promises.given) resolve();
    await settle();
    expect(promises.given).toHaveLength(5);
    expect(confirmed(stream)).toEqual([1, 2, 3]);
  });

  it('is fulfilled before beforeConfirm is called', async () => {
    const promises = new Promises();
    const calls: string[] = [];
    const { stream } = start({
      onEntry: promises.next,
      beforeConfirm: () => {
        calls.push('confirm');
      },
    });
    await arrive(stream, frames(1), encodeForceAck());
    expect(calls).toEqual([]);
    await promises.resolve(0);
    expect(calls).toEqual(['confirm']);
    expect(confirmed(stream)).toEqual([1]);
  });

  it('that is rejected, even at once, ends the connection without a confirmation', async () => {
    const error = new Error('no room');
    let calls = 0;
    const { stream, run } = start({
      onEntry: () => (++calls > 1 ? Promise.reject(error) : undefined),
    });
    await arrive(stream, frames(3));
    await expect(run).rejects.toBe(error);
    expect(confirmed(stream)).toEqual([]);
  });
});

describe('a ditto block', () => {
  const block = (count: number) => Buffer.concat([encodeDittoBlock(count), frames(count)]);

  it('is stored unless the handler refuses it, which does not end the connection', async () => {
    const sizes: number[] = [];
    const { stream } = start({
      onDittoBlock(entries) {
        sizes.push(entries);
        if (entries === 2) throw new DittoRefusedError('it has a wrong tag', 7);
        if (entries === 3) return Promise.reject(new DittoRefusedError('it is too late'));
        return entries === 4 ? Promise.resolve() : undefined;
      },
    });
    await arrive(stream, block(1), block(2), block(3), block(4), block(0), frames(1));
    expect(sizes).toEqual([1, 2, 3, 4, 0]);
    expect(confirmed(stream)).toEqual(['ditto 0', 'ditto 7', 'ditto 1', 'ditto 0', 'ditto 0', 1]);
  });

  it('is answered after what came before it, once the handler has decided', async () => {
    const promises = new Promises();
    const { stream } = start({ beforeConfirm: promises.next, onDittoBlock: promises.next });
    await arrive(stream, frames(1), block(2));
    expect(promises.given).toHaveLength(2);
    await promises.resolve(1);
    expect(promises.given).toHaveLength(3);
    await promises.resolve(2);
    expect(confirmed(stream)).toEqual([]);
    await promises.resolve(0);
    expect(confirmed(stream)).toEqual([1, 'ditto 0']);
  });

  it('that is refused at once is answered after what waits', async () => {
    const promises = new Promises();
    const { stream } = start({
      beforeConfirm: promises.next,
      onDittoBlock() {
        throw new DittoRefusedError('not here');
      },
    });
    await arrive(stream, frames(1), block(2));
    expect(confirmed(stream)).toEqual([]);
    await promises.resolve(0);
    expect(confirmed(stream)).toEqual([1, 'ditto 1']);
  });

  it('is not asked about before all of its entries are taken', async () => {
    const promises = new Promises();
    let asked = 0;
    const { stream } = start({
      onEntry: promises.next,
      onDittoBlock() {
        asked++;
      },
    });
    await arrive(stream, block(2));
    await promises.resolve(0);
    expect(asked).toBe(0);
    await promises.resolve(1);
    expect(asked).toBe(1);
    expect(confirmed(stream)).toEqual(['ditto 0']);
  });

  it('is asked about in its turn, also when it was taken in more pieces than those after it', async () => {
    const promises = new Promises();
    const taken = promises.next();
    const asked: number[] = [];
    const onDittoBlock = (entries: number) => void asked.push(entries);
    const { stream } = start({ onRunEnd: () => taken, onDittoBlock });
    const rest = [frames(1), encodeDittoBlock(3), frames(3), encodeDittoBlock(1)];
    await arrive(stream, Buffer.concat([encodeDittoBlock(2), frames(1).subarray(0, 20)]));
    await arrive(stream, Buffer.concat([frames(1).subarray(20), ...rest, frames(1)]));
    expect(asked).toEqual([]);
    await promises.resolve(0);
    await arrive(stream, Buffer.concat([encodeDittoBlock(4), frames(4)]));
    expect(asked).toEqual([2, 3, 1, 4]);
  });

  it('ends the connection with any other error', async () => {
    const error = new Error('the disk is full');
    for (const onDittoBlock of [() => Promise.reject(error), () => fail(error)]) {
      const { stream, run } = start({ onDittoBlock });
      await arrive(stream, block(1));
      await expect(run).rejects.toBe(error);
      expect(confirmed(stream)).toEqual([]);
    }
  });

  it.each([0, -1, 1.5])('cannot be refused with the result %s', (result) => {
    expect(() => new DittoRefusedError('no', result)).toThrow(InvalidOptionError);
  });
});

function fail(error: Error): never {
  throw error;
}

it('what a handler without types returns is no promise, and changes nothing', async () => {
  const handler = { onEntry: () => 1, beforeConfirm: () => 'x', onDittoBlock: () => ({}) };
  const { stream } = start(handler as unknown as EntryHandler);
  await arrive(stream, frames(2), Buffer.concat([encodeDittoBlock(1), frames(1)]));
  expect(confirmed(stream)).toEqual([1, 2, 'ditto 0']);
});
