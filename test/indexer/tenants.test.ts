import { State } from '@ringest/codec';
import { InvalidOptionError } from '@ringest/indexer';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeFrame, IngesterClient } from '../support/ingester-client.js';
import { lightChallenges } from '../support/light-challenges.js';
import { newIndexer, startIndexer } from '../support/listening.js';
import { SECRET } from '../support/muxer.js';
import { eventually } from '../support/waiting.js';

async function ingest(address: string, count: number, tenant?: string): Promise<void> {
  lightChallenges();
  const named = tenant === undefined ? {} : { tenant };
  const { client, tags } = await IngesterClient.hot(address, SECRET, ['test'], named);
  onTestFinished(() => client.destroy());
  const tag = tags.get('test') as number;
  for (let id = 1; id <= count; id++)
    client.write(encodeFrame(id, { timestamp: id, tag, data: '' }));
  client.socket.end();
  expect(await client.confirmedUntilEnd()).toHaveLength(count);
}

describe('an indexer for any tenant', () => {
  it('counts the entries of each, and not of those that have none', async () => {
    const { indexer, address } = await startIndexer();
    await ingest(address, 3, 'acme');
    await ingest(address, 4, 'globex');
    await ingest(address, 5);
    await ingest(address, 2, 'acme');
    await ingest(address, 0, 'idle');
    const { entries, tenants } = indexer.stats();
    expect({ entries, tenants }).toEqual({ entries: 14, tenants: { acme: 5, globex: 4 } });
  });

  it('counts connections of a tenant together while they are open', async () => {
    const { indexer, address } = await startIndexer();
    for (let i = 0; i < 2; i++) {
      const { client, tags } = await IngesterClient.hot(address, SECRET, ['test'], { tenant: 't' });
      onTestFinished(() => client.destroy());
      client.write(encodeFrame(1, { timestamp: 0, tag: tags.get('test') as number, data: '' }));
    }
    await eventually(() => expect(indexer.stats().tenants).toEqual({ t: 2 }));
  });

  it('takes an odd name for what it is', async () => {
    const { indexer, address } = await startIndexer();
    await ingest(address, 1, '__proto__');
    expect(Object.entries(indexer.stats().tenants)).toEqual([['__proto__', 1]]);
  });
});

describe('an indexer for some tenants', () => {
  const tenants = ['acme', 'globex'];

  it('lets them in', async () => {
    const { indexer, address } = await startIndexer({ tenants });
    await ingest(address, 1, 'acme');
    await ingest(address, 2, 'globex');
    expect(indexer.stats().tenants).toEqual({ acme: 1, globex: 2 });
  });

  it.each([
    ['another tenant', 'initech', 'the tenant may not ingest'],
    ['a name that differs in case', 'Acme', 'the tenant may not ingest'],
    ['no tenant', undefined, 'a tenant is required'],
  ])('tells an ingester of %s that it may not ingest', async (_what, tenant, info) => {
    const { indexer, address, logs } = await startIndexer({ tenants });
    const client = await IngesterClient.connect(address);
    onTestFinished(() => client.destroy());
    await client.authenticate(SECRET, tenant);
    expect(await client.expect('state')).toMatchObject({ id: State.notAuthenticated, info });
    expect(await client.next()).toBeUndefined();
    await eventually(() => expect(logs).toHaveLength(1));
    expect(logs[0]?.err).toMatchObject({ type: 'TenantRefusedError', code: 'ERR_TENANT_REFUSED' });
    expect(indexer.stats().connections).toBe(0);
  });

  it('says nothing about tenants to an ingester without the secret', async () => {
    const { address } = await startIndexer({ tenants });
    for (const tenant of ['acme', 'initech']) {
      const client = await IngesterClient.connect(address);
      onTestFinished(() => client.destroy());
      await client.authenticate('another', tenant);
      expect(await client.expect('state')).toMatchObject({ info: 'invalid secret' });
    }
  });

  it.each([[[]], [['']], [['x'.repeat(513)]], [['ü'.repeat(257)]]])(
    'cannot have the names %j',
    (names) => {
      expect(() => newIndexer({ tenants: names })).toThrow(InvalidOptionError);
    },
  );

  it('knows what a tenant is', () => {
    expect(() => newIndexer({ tenants, apiVersion: 7 })).not.toThrow();
    expect(() => newIndexer({ tenants, apiVersion: 6 })).toThrow(/version 6 does not know tenants/);
  });
});
