import { Compression, encodeConfirmEntry, encodePong } from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { Attack } from '../support/hostile-attack.js';
import { HONEST, twistedHandshake } from '../support/hostile-handshake.js';
import { HostileServer } from '../support/hostile-server.js';
import { BROKEN_CHUNKS, chunk, chunksOf, IDENTIFIER } from '../support/hostile-snappy.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';

const COMPRESSED = { target: { compression: 'snappy' } } as const;
const AGREED = Buffer.from([1, 0, 0, 0, Compression.snappy]);

/** What a compressed stream begins with, and what is wrong about it. */
type Case = readonly [what: string, bytes: Buffer, problem: RegExp];

const CASES: readonly Case[] = [
  ...BROKEN_CHUNKS.map(([what, bytes, problem]): Case => {
    return [what, Buffer.concat([IDENTIFIER, bytes]), problem];
  }),
  ['no identifier', chunksOf(encodePong()), /does not begin with its identifier/],
  ['nothing compressed', Buffer.alloc(64, encodePong()), /does not begin with its identifier/],
  ['text', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), /does not begin with its identifier/],
  ['zeros', Buffer.alloc(100_000), /does not begin with its identifier/],
  [
    'whole chunks of what is no command',
    Buffer.concat([IDENTIFIER, chunksOf(Buffer.alloc(65_536))]),
    /0x00000000 is not a command/,
  ],
  [
    'a confirmation of what was never sent, behind a chunk to skip',
    Buffer.concat([IDENTIFIER, chunk(0x80, Buffer.alloc(9)), chunksOf(encodeConfirmEntry(1e6))]),
    /never sent/,
  ],
];

describe('an indexer that agreed on snappy', () => {
  it('and then says what cannot be unpacked is given up, whatever it is', async () => {
    const server = await HostileServer.listen((socket, number) => {
      const [, bytes] = CASES[number % CASES.length] as Case;
      const act = Buffer.concat([AGREED, bytes]);
      twistedHandshake(socket, { at: 'streamConfiguration', act });
    });
    const attack = await Attack.begin(server, COMPRESSED);
    const losses = await attack.lost(CASES.length);
    const told = losses.map(({ reason, message }) => ({ reason, message }));
    expect(told).toEqual(
      CASES.map(([, , problem]) => ({
        reason: 'protocol',
        message: expect.stringMatching(problem),
      })),
    );
    await attack.expectNoHarm();
  });

  it('and sends chunks to skip without end is kept, and listened to', async () => {
    const indexer = await ScriptedIndexer.listen({ compression: Compression.snappy });
    const attack = await Attack.begin(indexer, COMPRESSED);
    const connection = await indexer.hot(0);
    await connection.entries(1);
    for (const type of [0x80, 0xa0, 0xfd, 0xfe]) {
      connection.socket.write(chunk(type, Buffer.alloc(4 * 2 ** 20, 0x55)));
    }
    for (let i = 0; i < 1000; i++) connection.socket.write(IDENTIFIER);
    connection.confirm(1);
    const confirmed = () => attack.muxer.stats().lanes[0]?.confirmedEntries;
    await expect.poll(confirmed).toBe(1);
    expect(attack.losses).toEqual([]);
    await attack.expectNoHarm(() => connection.arrivals.slice(0, 1));
  });

  it('and breaks off in the middle of a chunk is given up in time', async () => {
    const pieces = [IDENTIFIER.subarray(0, 5), chunk(0x00, Buffer.alloc(10), 70_000)];
    const server = await HostileServer.listen((socket, number) => {
      const piece = pieces[number % 2] as Buffer;
      const act = Buffer.concat([AGREED, number % 2 === 0 ? Buffer.alloc(0) : IDENTIFIER, piece]);
      twistedHandshake(socket, { at: 'streamConfiguration', act });
    });
    const attack = await Attack.begin(server, {
      ...COMPRESSED,
      times: { silence: 800 },
      connectionsPerTarget: 2,
    });
    const losses = await attack.lost(2);
    for (const { reason } of losses) expect(reason).toBe('timeout');
    await attack.expectNoHarm();
  });
});

describe('an indexer that was not asked for compression', () => {
  it('and compresses nevertheless is given up', async () => {
    const server = await HostileServer.listen((socket) => {
      const packed = Buffer.concat([IDENTIFIER, chunksOf(encodePong())]);
      const act = Buffer.concat([HONEST.streamConfiguration, packed]);
      twistedHandshake(socket, { at: 'streamConfiguration', act });
    });
    const attack = await Attack.begin(server);
    const [loss] = await attack.lost(1);
    expect(loss?.reason).toBe('protocol');
    expect(loss?.message).toContain('0x000006ff is not a command');
    await attack.expectNoHarm();
  });
});
