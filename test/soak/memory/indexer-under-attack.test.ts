import { encodePing, MAX_TAG_MESSAGE_BYTES } from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { frame, frameOf, prefixed, sized, told } from '../../support/hostile-bytes.js';
import { Fortress } from '../../support/hostile-fortress.js';
import { chunk, chunksOf, IDENTIFIER } from '../../support/hostile-snappy.js';
import type { IngesterClient } from '../../support/ingester-client.js';
import { SECRET } from '../../support/muxer.js';

const MIB = 2 ** 20;
/** By how much an indexer's memory may grow by what nobody authenticated, and by promises. */
const MAX_GROWTH = 64 * MIB;
/** The same by messages that arrive, and are garbage before they are collected. */
const MAX_GARBAGE = 256 * MIB;

/** Writes the same so many times, as fast as it is taken, or until the connection is gone. */
async function pour({ socket }: IngesterClient, bytes: Uint8Array, times: number): Promise<void> {
  for (let i = 0; i < times && socket.writable; i++) {
    if (socket.write(bytes)) continue;
    await new Promise<void>((resolve) => {
      const settle = () => {
        socket.off('drain', settle);
        socket.off('close', settle);
        resolve();
      };
      socket.on('drain', settle);
      socket.on('close', settle);
    });
  }
}

async function authenticated(fortress: Fortress): Promise<IngesterClient> {
  const client = await fortress.connect();
  await client.authenticate(SECRET);
  await client.expect('state');
  return client;
}

describe('the memory of an indexer stays small while ingesters', () => {
  it('without the secret send 10 MiB each', async () => {
    const fortress = await Fortress.raise();
    const bytes = Buffer.alloc(MIB, 'x');
    for (let wave = 0; wave < 5; wave++) {
      const clients = await Promise.all(Array.from({ length: 20 }, () => fortress.connect()));
      await Promise.all(clients.map((client) => pour(client, bytes, 10)));
      for (const client of clients) client.destroy();
    }
    await fortress.expectToStand(MAX_GROWTH);
  });

  it('promise the longest of everything, and send none of it', async () => {
    const fortress = await Fortress.raise();
    const { tag, client } = await fortress.hot();
    const clients = [client];
    const promises = [frameOf(tag, 2 ** 30 - 1), told('ingesterState', MIB), told('tag', 4096)];
    for (const promise of promises) {
      const { client } = await fortress.hot();
      client.write(promise);
      client.write(Buffer.alloc(1000));
      clients.push(client);
    }
    const asking = await authenticated(fortress);
    asking.write(prefixed(4, MAX_TAG_MESSAGE_BYTES, '{'));
    await fortress.expectToStand(MAX_GROWTH);
    for (const one of [...clients, asking]) one.destroy();
  });

  it('ask for a million tags, again and again', async () => {
    const fortress = await Fortress.raise();
    const many = JSON.stringify(Array.from({ length: 1_000_000 }, (_, i) => `tag${i}`));
    const request = sized(4, `{"Count":1000000,"Tags":${many}}`);
    for (let i = 0; i < 2; i++) {
      const client = await authenticated(fortress);
      client.write(request);
      let message = await client.next();
      if (message !== undefined) {
        expect(message).toMatchObject({ kind: 'tagResponse', count: 0 });
        message = await client.next();
      }
      expect(message).toBeUndefined();
    }
    await fortress.expectToStand(MAX_GARBAGE);
  });

  it('tell of a state of a MiB, again and again', async () => {
    const fortress = await Fortress.raise();
    const { client } = await fortress.hot();
    const state = `{"Metadata":[${'[],'.repeat(300_000)}[]]}`;
    const times = 8;
    await pour(client, told('ingesterState', state.length, state), times);
    for (let i = 0; i < times; i++) await client.expect('confirmIngesterState');
    client.destroy();
    await fortress.expectToStand(MAX_GARBAGE);
  });

  it('send bombs, and a GiB to skip', async () => {
    const fortress = await Fortress.raise();
    const { client, tag } = await fortress.hot();
    await client.compress();
    const bomb = chunksOf(frame(tag, '\0'.repeat(4 * MIB - 50)));
    const { socket } = client;
    socket.write(IDENTIFIER);
    const bombs = 32;
    await pour(client, bomb, bombs);
    await pour(client, chunk(0xfe, Buffer.alloc(8 * MIB)), 128);
    for (let i = 0; i < bombs; i++) await client.expect('confirmEntry');
    client.destroy();
    await fortress.expectToStand(MAX_GARBAGE, bombs);
  });

  it('do not read what they are told', async () => {
    const fortress = await Fortress.raise();
    const { client, tag } = await fortress.hot();
    const { socket } = client;
    socket.pause();
    const [entries, pings] = [600, 600];
    const wave = Buffer.concat([
      ...Array.from({ length: entries }, () => frame(tag, '')),
      Buffer.alloc(4 * pings, encodePing()),
    ]);
    const waves = 500;
    for (let i = 0; i < waves; i++) socket.write(wave);
    // Until nothing is taken from it any more.
    let left = -1;
    while (left !== socket.writableLength) {
      left = socket.writableLength;
      await fortress.write(300);
    }
    expect(left).toBeGreaterThan(0);
    let confirmed = 0;
    let pongs = 0;
    socket.resume();
    while (confirmed < waves * entries || pongs < waves * pings) {
      const message = await client.next();
      if (message?.kind === 'confirmEntry') confirmed++;
      else if (message?.kind === 'pong') pongs++;
      else throw new Error(`${message?.kind} came`);
    }
    client.destroy();
    await fortress.expectToStand(MAX_GROWTH, confirmed);
  });
});
