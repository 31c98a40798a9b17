import { join } from 'node:path';
import { CertificateAuthority } from '@ringest/bench/shared';
import { encodeForceAck } from '@ringest/codec';
import { InvalidOptionError, ListenError } from '@ringest/indexer';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { encodeFrame, IngesterClient } from '../support/ingester-client.js';
import { lightChallenges } from '../support/light-challenges.js';
import { newIndexer, startIndexer } from '../support/listening.js';
import { SECRET } from '../support/muxer.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventually } from '../support/waiting.js';

const ENTRIES = 5000;

let authority: CertificateAuthority;
let tls: { cert: string; key: string };

beforeAll(async () => {
  authority = await CertificateAuthority.create();
  tls = await authority.issue({ hosts: ['127.0.0.1'] });
});

/** Options for an indexer that listens so. */
const TRANSPORTS = {
  tcp: () => ({ listen: 'tcp://127.0.0.1:0' }),
  tls: () => ({ listen: 'tls://127.0.0.1:0', tls }),
  pipe: () => ({ listen: `pipe://${join(temporaryDirectory(), 'indexer.sock')}` }),
};

async function connectHot(address: string) {
  lightChallenges();
  const trust = { ca: authority.certificate };
  const { client, tags } = await IngesterClient.hot(address, SECRET, ['test'], { tls: trust });
  onTestFinished(() => client.destroy());
  const tag = tags.get('test') as number;
  const frames = (count: number) =>
    Buffer.concat(
      Array.from({ length: count }, (_, i) =>
        encodeFrame(i + 1, { timestamp: i, tag, data: `entry ${i}`, source: '10.0.0.1' }),
      ),
    );
  return { client, frames };
}

describe.each(['tcp', 'tls', 'pipe'] as const)('an indexer that listens on %s', (transport) => {
  const start = () => startIndexer(TRANSPORTS[transport]());

  it('confirms every entry, the last ones after the ingester has ended its half', async () => {
    const { indexer, address } = await start();
    expect(address).toMatch(new RegExp(`^${transport}://`));
    const { client, frames } = await connectHot(address);
    client.write(frames(ENTRIES));
    client.socket.end();
    const ids = Array.from({ length: ENTRIES }, (_, i) => i + 1);
    expect(await client.confirmedUntilEnd()).toEqual(ids);
    expect(indexer.stats()).toMatchObject({ entries: ENTRIES, tags: { test: ENTRIES } });
  });

  it('agrees to compression in both directions', async () => {
    const { indexer, address } = await start();
    const { client, frames } = await connectHot(address);
    await client.compress();
    const before = client.socket.bytesWritten;
    client.write(frames(ENTRIES));
    client.write(encodeForceAck());
    for (let id = 1; id <= ENTRIES; id++) {
      expect(await client.expect('confirmEntry')).toEqual({ kind: 'confirmEntry', id });
    }
    expect(indexer.stats().entries).toBe(ENTRIES);
    expect(client.socket.bytesWritten - before).toBeLessThan(frames(ENTRIES).length);
  });

  it('confirms what it has taken when it is closed', async () => {
    const { indexer, address } = await start();
    const { client, frames } = await connectHot(address);
    client.write(frames(100));
    await eventually(() => expect(indexer.stats().entries).toBe(100));
    const closed = indexer.close();
    expect(await client.confirmedUntilEnd()).toHaveLength(100);
    await closed;
  });

  it('names the ingester in its log', async () => {
    const { address, logs } = await start();
    const { client } = await connectHot(address);
    client.destroy();
    await eventually(() => expect(logs.at(-1)?.msg).toMatch(/has left|is lost/));
    const name = transport === 'pipe' ? new URL(address).pathname : /^127\.0\.0\.1:\d+$/;
    expect(logs.at(-1)?.ingester).toMatch(name);
  });
});

describe('several addresses', () => {
  const path = () => `pipe://${join(temporaryDirectory(), 'indexer.sock')}`;

  it('are served at once, and count together', async () => {
    const listen = ['tcp://127.0.0.1:0', 'tls://127.0.0.1:0', path(), 'tcp://127.0.0.1:0'];
    const { indexer, address } = await startIndexer({ listen, tls });
    expect(indexer.addresses[0]).toBe(address);
    expect(new Set(indexer.addresses).size).toBe(4);
    expect(indexer.addresses.map((one) => one.split(':')[0])).toEqual([
      'tcp',
      'tls',
      'pipe',
      'tcp',
    ]);
    for (const one of indexer.addresses) {
      const { client, frames } = await connectHot(one);
      client.write(frames(10));
      client.socket.end();
      expect(await client.confirmedUntilEnd()).toHaveLength(10);
    }
    expect(indexer.stats()).toMatchObject({ connections: 4, entries: 40, tags: { test: 40 } });
  });

  it('are all given up when one cannot be had, which is named', async () => {
    const taken = await startIndexer();
    const pipe = path();
    const { indexer } = newIndexer({ listen: ['tcp://127.0.0.1:0', pipe, taken.address] });
    const listening = indexer.listen();
    await expect(listening).rejects.toThrow(ListenError);
    await expect(listening).rejects.toMatchObject({ address: taken.address });
    await startIndexer({ listen: pipe });
    await taken.indexer.close();
    await expect(indexer.listen()).rejects.toMatchObject({ address: pipe });
  });

  it('can be had when the one that was taken is free again', async () => {
    const taken = await startIndexer();
    const { indexer } = newIndexer({ listen: ['127.0.0.1:0', taken.address] });
    await expect(indexer.listen()).rejects.toThrow(/port is in use/);
    await taken.indexer.close();
    await indexer.listen();
    expect(indexer.addresses[1]).toBe(taken.address);
  });

  it('are as they were configured before and after', async () => {
    const { indexer } = newIndexer({ listen: ['tcp://localhost', 'tls://[::1]:0', 'h:1'], tls });
    expect(indexer.addresses).toEqual(['tcp://localhost:4023', 'tls://[::1]:0', 'tls://h:1']);
  });

  it('must be one at least', () => {
    expect(() => newIndexer({ listen: [] })).toThrow(InvalidOptionError);
  });
});

it('an indexer listens once at a time, and not any more when it is closed', async () => {
  const { indexer } = await startIndexer();
  await expect(indexer.listen()).rejects.toThrow(/it listens already/);
  await indexer.close();
  await expect(indexer.listen()).rejects.toThrow(/it is closed/);
});

it('an indexer that is closed while it begins to listen does not listen', async () => {
  const { indexer } = newIndexer();
  const listening = indexer.listen();
  await indexer.close();
  const address = await listening;
  const again = await startIndexer({ listen: address });
  expect(again.address).toBe(address);
});
