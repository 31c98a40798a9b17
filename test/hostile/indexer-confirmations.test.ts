import { join } from 'node:path';
import {
  Command,
  encodeConfirmApiVersion,
  encodeConfirmDittoBlock,
  encodeConfirmId,
  encodeConfirmIngestOk,
  encodeConfirmTag,
  encodeErrorTag,
  encodePing,
  encodePong,
  encodeStreamConfiguration,
  encodeTagResponse,
} from '@ringest/codec';
import type { ConnectionError } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import type { Arrival } from '../support/arrivals.js';
import { Attack, reasonsOf } from '../support/hostile-attack.js';
import { numbered, word } from '../support/hostile-bytes.js';
import { HONEST } from '../support/hostile-handshake.js';
import { type ScriptedConnection, ScriptedIndexer } from '../support/scripted-indexer.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const { confirmEntry: CONFIRM_ENTRY, confirmTag: CONFIRM_TAG, throttle: THROTTLE } = Command;

/** For what takes an indexer's whole flood to be read. */

/** More than the buffers of two Unix sockets take, and little enough to lie in a ring. */
const BIG_BYTES = 3 * 2 ** 20;

const confirm = (id: bigint | number): Buffer => numbered(CONFIRM_ENTRY, BigInt(id));

/** Tries each of these on a connection of its own that has got an entry. */
async function tryEach(cases: readonly ((entries: number) => Buffer)[]) {
  const indexer = await ScriptedIndexer.listen();
  const attack = await Attack.begin(indexer);
  for (const [i, make] of cases.entries()) {
    const connection = await indexer.hot(i);
    await connection.entries(2);
    connection.write(make(connection.frames.length));
    await attack.lost(i + 1);
    await connection.ended();
  }
  const losses = await attack.lost(cases.length);
  return { attack, losses };
}

type Named = readonly (readonly [name: string, ...rest: unknown[]])[];

const namedReasons = (cases: Named, losses: readonly ConnectionError[]) =>
  losses.map(({ reason }, i) => [cases[i]?.[0], reason]);

const allProtocol = (cases: Named) => cases.map(([name]) => [name, 'protocol']);

/** The first so many entries that came on a connection. */
const firstOf = (connection: ScriptedConnection, count: number): Arrival[] =>
  connection.arrivals.slice(0, count);

describe('an indexer that confirms', () => {
  const IMPOSSIBLE: readonly [name: string, make: (sent: number) => Buffer][] = [
    ['the future', (sent: number) => confirm(sent + 1_000_000)],
    ['2^32 and the first', () => confirm(2n ** 32n + 1n)],
    ['the last safe integer', () => confirm(2n ** 53n - 1n)],
    ['2^63', () => confirm(2n ** 63n)],
    ['2^64 - 1', () => confirm(2n ** 64n - 1n)],
    ['the second before the first', () => confirm(2)],
  ];

  it('what it cannot have is given up, whatever it is', async () => {
    const { attack, losses } = await tryEach(IMPOSSIBLE.map(([, make]) => make));
    expect(namedReasons(IMPOSSIBLE, losses)).toEqual(allProtocol(IMPOSSIBLE));
    for (const { message } of losses) expect(message).toContain('confirmed entry');
    await attack.expectNoHarm();
  });

  it('twice, backwards, or no entry at all is taken at its first word', async () => {
    const indexer = await ScriptedIndexer.listen();
    const attack = await Attack.begin(indexer);
    const connection = await indexer.hot(0);
    await connection.entries(3);
    const before = attack.muxer.stats().lanes[0]?.confirmedEntries ?? 0;
    connection.confirm(1, 1, 1, 2, 1, 3, 2, 1, 0, 0, 3);
    const confirmed = () => attack.muxer.stats().lanes[0]?.confirmedEntries ?? 0;
    await expect.poll(confirmed).toBe(before + 3);
    for (let i = 0; i < 5000; i++) connection.confirm(0, 1, 2, 3, 2, 1);
    connection.write(encodePong());
    await connection.entries(4);
    connection.confirm(4);
    await expect.poll(confirmed).toBe(before + 4);
    expect(attack.losses).toEqual([]);
    await attack.expectNoHarm(() => firstOf(connection, 4));
  });

  it('backwards from the last is given up, and what it has is sent again', async () => {
    const { attack, losses } = await tryEach([
      (sent) => Buffer.concat(Array.from({ length: sent }, (_, i) => confirm(sent - i))),
    ]);
    expect(reasonsOf(losses)).toEqual(['protocol']);
    await attack.expectNoHarm();
  });

  it('what is still to be sent has it arrive unharmed nevertheless', async () => {
    // The buffers of a Unix socket are small everywhere.
    const indexer = await ScriptedIndexer.listen({ path: join(temporaryDirectory(), 'indexer') });
    const attack = await Attack.begin(indexer, { balancing: 'roundRobin', batchBytes: 1 });
    const connection = await indexer.hot(0);
    connection.socket.pause();
    const lane = () => attack.muxer.stats().lanes[0];
    const first = attack.write(BIG_BYTES).then(() => attack.write(BIG_BYTES));
    await expect.poll(() => lane()?.sentBytes ?? 0).toBeGreaterThanOrEqual(BIG_BYTES);
    const sent = lane()?.sentEntries ?? 0;
    connection.confirmThrough(sent);
    await expect.poll(() => lane()?.confirmedEntries).toBeGreaterThanOrEqual(sent);
    // Together more than a ring has room for: its bytes are used again as soon as they may be.
    const rest = Promise.all(Array.from({ length: 12 }, () => attack.write(BIG_BYTES)));
    connection.socket.resume();
    await connection.entries(sent + 1);
    await first;
    const confirming = setInterval(() => connection.confirmThrough(connection.frames.length), 10);
    await rest;
    clearInterval(confirming);
    expect(attack.losses).toEqual([]);
    attack.expectWritten(connection.arrivals);
    await attack.expectNoHarm(() => connection.arrivals);
  });
});

describe('an indexer that says', () => {
  const UNASKED: readonly [name: string, bytes: Buffer][] = [
    ['CONFIRM_TAG', encodeConfirmTag(5)],
    ['CONFIRM_TAG of no tag', numbered(CONFIRM_TAG, 65_536n)],
    ['CONFIRM_TAG of the largest number', numbered(CONFIRM_TAG, 2n ** 64n - 1n)],
    ['ERROR_TAG', encodeErrorTag()],
    ['CONFIRM_DITTO_BLOCK', encodeConfirmDittoBlock(0)],
    ['CONFIRM_DITTO_BLOCK that is refused', encodeConfirmDittoBlock(1)],
    ['CONFIRM_ID', encodeConfirmId()],
    ['CONFIRM_API_VER', encodeConfirmApiVersion()],
    ['CONFIRM_INGEST_OK', encodeConfirmIngestOk(true)],
    ['a stream configuration', encodeStreamConfiguration(0)],
    ['a tag response', encodeTagResponse({ test: 1 })],
    ['a state', HONEST.state],
    ['a challenge', HONEST.challenge],
    ['what ingesters say', encodePing()],
    ['zeros', word(0)],
    ['the largest word', word(0xffff_ffff)],
    ['a word that is one bit off', word(CONFIRM_ENTRY + 1)],
    ['a million zeros', Buffer.alloc(1_000_000)],
  ];

  it('what it was not asked for is given up, whatever it is', async () => {
    const { attack, losses } = await tryEach(
      UNASKED.map(
        ([, bytes]) =>
          () =>
            bytes,
      ),
    );
    expect(namedReasons(UNASKED, losses)).toEqual(allProtocol(UNASKED));
    await attack.expectNoHarm();
  });

  it('PONG without end is kept, and listened to', async () => {
    const indexer = await ScriptedIndexer.listen();
    const attack = await Attack.begin(indexer);
    const connection = await indexer.hot(0);
    await connection.entries(1);
    connection.write(Buffer.alloc(2 * 2 ** 20, encodePong()));
    connection.confirm(1);
    await expect.poll(() => attack.muxer.stats().lanes[0]?.confirmedEntries).toBe(1);
    expect(attack.losses).toEqual([]);
    await attack.expectNoHarm(() => firstOf(connection, 1));
  });

  it('THROTTLE without end, for ever or for less than no time, holds back only itself', async () => {
    const indexer = await ScriptedIndexer.listen();
    const attack = await Attack.begin(indexer);
    const connection = await indexer.hot(0);
    await connection.entries(1);
    const times = [0n, 1n, 2n ** 62n, 2n ** 63n, 2n ** 64n - 1n].map((ns) =>
      numbered(THROTTLE, ns),
    );
    const flood = Buffer.concat(times);
    for (let i = 0; i < 10_000; i++) connection.write(flood);
    await expect
      .poll(() => attack.muxer.stats().lanes[0]?.balancer.throttledMs ?? 0)
      .toBeGreaterThan(0);
    connection.confirm(1);
    await expect.poll(() => attack.muxer.stats().lanes[0]?.confirmedEntries).toBe(1);
    expect(attack.losses).toEqual([]);
    await attack.expectNoHarm(() => firstOf(connection, 1));
  });
});
