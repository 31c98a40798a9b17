import { CertificateAuthority } from '@ringest/bench/shared';
import { EnumeratedValue, Timestamp } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrival } from '../support/arrivals.js';
import { compareArrivals, numberedFrom } from '../support/caching.js';
import { CollectingIndexer } from '../support/collecting-indexer.js';
import { startIndexer } from '../support/listening.js';
import { hotMuxer } from '../support/muxer.js';
import { startRelay } from '../support/relaying.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { until } from '../support/waiting.js';

describe('a relay sends on', () => {
  it('tags, times, sources, data and enumerated values as they are', async () => {
    const indexer = await CollectingIndexer.start();
    const { address } = await startRelay({ muxer: { targets: [indexer.address] } });
    const muxer = await hotMuxer({ targets: [address], tags: ['a', 'b'] });
    const entries = [
      { timestamp: new Timestamp(5, 6), tag: 1, data: 'first', source: '10.1.2.3' },
      { timestamp: new Timestamp(-7, 999_999_999), tag: 0, data: '', source: '2001:db8::1' },
      { timestamp: Timestamp.ZERO, tag: 0xffff, data: 'own log', source: '::ffff:10.0.0.1' },
      {
        timestamp: new Timestamp(8, 0),
        tag: 1,
        data: Buffer.alloc(3000, 7),
        enumeratedValues: [EnumeratedValue.infer('name', 'value'), EnumeratedValue.infer('n', 12)],
      },
    ];
    muxer.writeBatch(entries);
    await muxer.sync();
    const names: Readonly<Record<number, string>> = { 0: 'a', 1: 'b', 65535: 'gravwell' };
    const expected = entries.map((entry) => expectedArrival(entry, names[entry.tag]));
    expectArrivals(indexer.received, expected);
  });

  it('entries of every size, some larger than a block of its rings', async () => {
    const indexer = await CollectingIndexer.start();
    const { address } = await startRelay({
      muxer: { targets: [indexer.address], ringBytes: 65_536 },
    });
    const muxer = await hotMuxer({ targets: [address] });
    const sizes = [0, 1, 7000, 8146, 8147, 40_000, 65_536, 3, 1_000_000, 5, 0];
    const entries = sizes.map((bytes, i) => ({
      timestamp: i,
      tag: 0,
      data: Buffer.alloc(bytes, i),
    }));
    for (const one of entries) await muxer.writeEntry(one);
    await muxer.sync();
    const expected = entries.map((one) => expectedArrival(one));
    const { lost, duplicated, foreign } = compare(indexer.received, expected);
    expect({ lost, duplicated, foreign }).toEqual({ lost: [], duplicated: [], foreign: [] });
  });

  it('what several ingesters write over several connections to several indexers', async () => {
    const indexers = [await CollectingIndexer.start(), await CollectingIndexer.start()];
    const { relay, address } = await startRelay({
      muxer: { targets: indexers.map((one) => one.address), ringBytes: 65_536 },
    });
    const ingesters = [0, 1].map(() =>
      hotMuxer({ targets: [address], connectionsPerTarget: 2, ringBytes: 65_536, tags: ['test'] }),
    );
    const count = 3000;
    await Promise.all(
      ingesters.map(async (one, i) => {
        const muxer = await one;
        for (let at = 0; at < count; at += 100) {
          await muxer.writeBatch(numberedFrom(i * count + at, i * count + at + 100));
        }
        await muxer.sync();
      }),
    );
    const received = indexers.flatMap((one) => one.received);
    const account = compareArrivals(received, numberedFrom(0, 2 * count));
    expect(account.lost).toEqual([]);
    expect(relay.stats().listeners[0]?.entries).toBeGreaterThanOrEqual(2 * count);
  });

  it('by TLS, compressed, and through Unix sockets, on both sides', async () => {
    const authority = await CertificateAuthority.create();
    const tls = await authority.issue({ hosts: ['127.0.0.1'] });
    const ca = authority.certificate;
    const { indexer, address: target } = await startIndexer({ listen: 'tls://127.0.0.1:0', tls });
    const pipe = `pipe://${temporaryDirectory()}/relay.sock`;
    const { relay } = await startRelay({
      muxer: { targets: [target], tls: { ca }, compression: 'snappy' },
      listener: { listen: ['tls://127.0.0.1:0', pipe], tls },
    });
    for (const [i, address] of relay.addresses.entries()) {
      const isTls = address.startsWith('tls');
      const muxer = await hotMuxer({
        targets: [address],
        ...(isTls && { tls: { ca } }),
        compression: 'snappy',
      });
      muxer.writeBatch(numberedFrom(i * 500, i * 500 + 500));
      await muxer.sync();
    }
    expect(indexer.stats()).toMatchObject({ entries: 1000, connections: 1 });
  });

  it('the entries of a tenant for that tenant, and of none for none', async () => {
    const { indexer, address: target } = await startIndexer();
    const secret = 'IngestSecrets';
    const { relay } = await startRelay({
      muxer: { targets: [target] },
      listeners: [
        { name: 'open', listen: '127.0.0.1:0', secret },
        { name: 'rented', listen: '127.0.0.1:0', secret, tenants: ['acme', 'globex'] },
      ],
    });
    const [open = '', rented = ''] = relay.addresses;
    const write = async (address: string, tenant: string | undefined, count: number) => {
      const muxer = await hotMuxer({ targets: [address], ...(tenant && { tenant }) });
      muxer.writeBatch(numberedFrom(0, count));
      await muxer.sync();
    };
    await write(open, undefined, 1);
    await write(rented, 'acme', 2);
    await write(rented, 'globex', 4);
    expect(indexer.stats()).toMatchObject({ entries: 7, tenants: { acme: 2, globex: 4 } });
    expect([...relay.muxers.keys()]).toEqual(['', 'acme', 'globex']);
  });

  it('the states of ingesters as children of its own, as long as they are connected', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const { address } = await startRelay({ muxer: { targets: [indexer.address], name: 'relay' } });
    const uuid = '11111111-2222-3333-4444-555555555555';
    const muxer = await hotMuxer({ targets: [address], name: 'edge', uuid, label: 'l' });
    const connection = await indexer.hot(0);
    const last = () => connection.states.at(-1);
    const child = () => last()?.children.get(`test/${uuid}`);
    await until('the child', () => child()?.label === 'l');
    expect(last()).toMatchObject({ name: 'relay' });
    expect(child()).toMatchObject({ name: 'edge', tags: ['test'] });
    await muxer.close();
    await until('the end of the child', () => last()?.children.size === 0);
  });
});

/** What arrived of what was written, in any order. */
function compare(
  received: Parameters<typeof compareArrivals>[0],
  expected: ReturnType<typeof expectedArrival>[],
) {
  const key = ({ tag, bytes }: { tag: string; bytes: Buffer }) => `${tag} ${bytes.toString('hex')}`;
  const left = expected.map(key);
  const foreign: string[] = [];
  const seen = new Set<string>();
  const duplicated: string[] = [];
  for (const one of received.map(key)) {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    else (seen.has(one) ? duplicated : foreign).push(one.slice(0, 200));
    seen.add(one);
  }
  return { lost: left.map((one) => one.slice(0, 200)), duplicated, foreign };
}
