import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { CHUNK_BYTES, HeldBytes, StreamRoom } from 'ringest/internal';
import { expect, it } from 'vitest';

const LIMIT = 4 * CHUNK_BYTES;

/** How much of a chunk is of a record whose end has not come. */
interface Chunk {
  readonly bytes: number;
  readonly hasEnd: boolean;
}

const chunk = fc.record({
  bytes: fc.integer({ min: 1, max: CHUNK_BYTES }),
  hasEnd: fc.boolean(),
});

it('lets streams of any sizes come to their ends, within its limit, and cuts only unfinished ones', async () => {
  const streamsOfChunks = fc.array(fc.array(chunk, { maxLength: 12 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(streamsOfChunks, async (streams) => {
      const total = { bytes: 0, most: 0 };
      const room = new StreamRoom(new HeldBytes(LIMIT, total));
      let cut = 0;
      const read = async (chunks: readonly Chunk[]) => {
        let isCut = false;
        const held = room.open(() => {
          isCut = true;
          cut++;
        });
        for (const { bytes, hasEnd } of chunks) {
          if (!(await held.take(bytes))) break;
          expect(isCut && held.unfinished === 0).toBe(false);
          await turn();
          // A record is at most a quarter of the room: a longer one is cut into several.
          const unfinished = hasEnd ? 0 : held.unfinished + bytes;
          held.written(unfinished > LIMIT / 4 ? 0 : unfinished);
        }
        // Its end has to come from the sender, who may be slow.
        await turn();
        held.close();
        return isCut;
      };
      await Promise.all(streams.map(read));
      expect(room.cut).toBe(cut);
      expect(total.bytes).toBe(0);
      expect(total.most).toBeLessThanOrEqual(LIMIT);
    }),
    { seed: 15, numRuns: 300 },
  );
});

it('cuts nobody while unfinished records have less than half of it', async () => {
  const total = { bytes: 0, most: 0 };
  const room = new StreamRoom(new HeldBytes(LIMIT, total));
  const open = () => room.open(() => expect.fail('it was cut'));
  const [unfinished, ...writing] = [open(), open(), open(), open()];
  expect(await unfinished?.take(CHUNK_BYTES)).toBe(true);
  unfinished?.written(CHUNK_BYTES);
  for (const held of writing) expect(await held.take(CHUNK_BYTES)).toBe(true);
  const waiting = open();
  const taken = waiting.take(1);
  writing[0]?.written(0);
  expect(await taken).toBe(true);
  expect(room.cut).toBe(0);
});

it('cuts a stream that holds the longest unfinished record, and gives its room to who waits', async () => {
  const total = { bytes: 0, most: 0 };
  const room = new StreamRoom(new HeldBytes(LIMIT, total));
  const ended: number[] = [];
  const held = [3, 4, 2].map((quarters) => ({
    stream: room.open(() => ended.push(quarters)),
    bytes: (quarters * CHUNK_BYTES) / 4,
  }));
  for (const { stream, bytes } of held) {
    expect(await stream.take(bytes)).toBe(true);
    stream.written(bytes);
  }
  // Together they have more than half of it, but nobody waits.
  const waiting = room.open(() => ended.push(0));
  expect(await waiting.take(CHUNK_BYTES)).toBe(true);
  const taken = waiting.take(CHUNK_BYTES);
  expect(ended).toEqual([4]);
  held[1]?.stream.close();
  expect(await taken).toBe(true);
  expect(await held[1]?.stream.take(1)).toBe(false);
});
