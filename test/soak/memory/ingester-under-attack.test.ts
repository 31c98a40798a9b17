import type { Socket } from 'node:net';
import { Compression, encodePong } from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { prefixed } from '../../support/hostile-bytes.js';
import { HONEST, type Step, twistedHandshake } from '../../support/hostile-handshake.js';
import { HostileServer } from '../../support/hostile-server.js';
import { chunk, chunksOf, IDENTIFIER } from '../../support/hostile-snappy.js';
import { NodeProcess, support } from '../../support/node-process.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

const MIB = 2 ** 20;
/** By how much an ingester's memory may grow, whatever is thrown at it. */
const MAX_GROWTH = 64 * MIB;
/** Connections that are to be given up, where each is. */
const CONNECTIONS = 60;

const VICTIM = support('hostile-victim.mjs');

/** Says the same again and again as long as it is listened to, or so many bytes of it. */
function flood(socket: Socket, first: Uint8Array, again: Uint8Array, most: number): void {
  let said = 0;
  const go = () => {
    while (said < most && socket.writable) {
      said += again.length;
      if (!socket.write(again)) return;
    }
  };
  socket.on('drain', go);
  socket.write(first);
  go();
}

/** Where a handshake becomes a flood, and what is said then, once and without end. */
interface Flood {
  readonly at: Step;
  readonly first: Uint8Array;
  readonly again: Uint8Array;
}

/** What comes of an ingester whose connections to a server are floods, by turns. */
async function floods(list: readonly Flood[], { most = 1024 * MIB, compression = 'none' } = {}) {
  const honest = await ScriptedIndexer.listen({ confirms: 'at once' });
  let begin: () => void = () => {};
  const hasBegun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const sockets: Socket[] = [];
  const server = await HostileServer.listen(async (socket, number) => {
    sockets.push(socket);
    await hasBegun;
    const { at, first, again } = list[number % list.length] as Flood;
    twistedHandshake(socket, { at, act: () => flood(socket, first, again, most) });
  });
  const victim = new NodeProcess(VICTIM, [server.address, honest.address, compression]);
  await victim.says('stdout', /ready/);
  begin();
  return {
    server,
    /** Bytes that have left for the ingester. */
    said: () =>
      sockets.reduce(
        (sum, { bytesWritten, writableLength }) => sum + bytesWritten - writableLength,
        0,
      ),
    /** Ends it all, and tells how the ingester took it. */
    async end() {
      await server.close();
      expect(await victim.end('SIGTERM')).toBe(0);
      expect(victim.stderr).toBe('');
      const { growth, written, confirmedEntries, ...rest } = victim.lastJson<{
        readonly growth: number;
        readonly written: number;
        readonly confirmedEntries: number;
        readonly unconfirmed: number;
        readonly reasons: { readonly honest?: number; readonly protocol?: number };
        readonly errors: readonly string[];
      }>();
      expect(confirmedEntries).toBe(written);
      expect(growth).toBeLessThan(MAX_GROWTH);
      expect(rest).toMatchObject({ unconfirmed: 0, errors: [] });
      expect(rest.reasons.honest).toBeUndefined();
      return rest.reasons;
    },
  };
}

describe('the memory of an ingester stays small while an indexer', () => {
  const tags = Buffer.from(
    Array.from({ length: MIB / 16 }, (_, i) => `"tag-${i}":${i % 999},`).join(''),
  );
  const pongs = Buffer.alloc(MIB, encodePong());

  it('says without end what no handshake has room for', async () => {
    const attack = await floods([
      // Tags, a stream configuration of a MiB, and what nobody asked for.
      { at: 'tagResponse', first: prefixed(4, 32 * MIB), again: tags },
      { at: 'streamConfiguration', first: prefixed(4, MIB), again: pongs },
      { at: 'challenge', first: Buffer.alloc(0), again: pongs },
      { at: 'state', first: HONEST.state, again: pongs },
    ]);
    await attack.server.connections(CONNECTIONS);
    const { protocol } = await attack.end();
    expect(protocol).toBeGreaterThanOrEqual(CONNECTIONS - 1);
  });

  it.each([
    ['PONGs without end', HONEST.streamConfiguration, pongs, 12 * MIB, 'none'],
    [
      'a GiB to skip',
      Buffer.concat([Buffer.from([1, 0, 0, 0, Compression.snappy]), IDENTIFIER]),
      chunk(0x80, Buffer.alloc(8 * MIB)),
      1024 * MIB,
      'snappy',
    ],
    [
      'a bomb of PONGs',
      Buffer.concat([Buffer.from([1, 0, 0, 0, Compression.snappy]), IDENTIFIER]),
      chunksOf(Buffer.alloc(65_536, encodePong())),
      2 * MIB,
      'snappy',
    ],
  ])('sends %s once it is hot', async (_what, first, again, most, compression) => {
    const attack = await floods([{ at: 'streamConfiguration', first, again }], {
      most,
      compression,
    });
    await attack.server.connections(1);
    await expect.poll(() => attack.said(), { timeout: 25_000 }).toBeGreaterThanOrEqual(most);
    await attack.end();
  });
});
