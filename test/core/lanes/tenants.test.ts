import { once } from 'node:events';
import { AllTargetsFailedError, ConnectionError } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { hotMuxer, newMuxer, wholeMuxer } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

const entry = { timestamp: 0, tag: 0, data: 'an entry' };

describe('a tenant', () => {
  it('is told to the indexer with its version, and nobody when there is none', async () => {
    const tenants = ['acme', 'Ünïcode & co', 'x'.repeat(512), ''];
    const listen = () => ScriptedIndexer.listen({ confirms: 'at once', version: 8 });
    const indexers = await Promise.all(tenants.map(listen));
    const targets = indexers.map(({ address }, i) => ({ address, tenant: tenants[i] }));
    const muxer = await wholeMuxer({ targets, workers: 1 });
    muxer.writeEntry(entry);
    await muxer.sync();
    for (const [i, tenant] of tenants.entries()) {
      const told = (await indexers[i]?.hot(0))?.tenant;
      expect(told).toEqual(tenant === '' ? undefined : { name: tenant, version: 8 });
      expect(muxer.status().targets[i]?.tenant).toBe(tenant);
    }
  });

  it('is nobody unless it is given', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address] });
    expect((await indexer.hot(0)).tenant).toBeUndefined();
    expect(muxer.status().targets[0]?.tenant).toBe('');
  });

  it('may be another one for each target, also of the same indexer', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const { address } = indexer;
    const targets = [address, { address, tenant: 'acme' }, { address, tenant: '' }];
    const muxer = await wholeMuxer({ targets, tenant: 'everybody' });
    const tenants = indexer.connections.map(({ tenant }) => tenant?.name ?? '');
    expect(tenants.sort()).toEqual(['', 'acme', 'everybody']);
    const status = muxer.status().targets.map(({ target, tenant, hot }) => [target, tenant, hot]);
    expect(status).toEqual([
      [address, 'everybody', 1],
      [address, 'acme', 1],
      [address, '', 1],
    ]);
  });

  it('that an indexer is too old for is a fatal error: nothing is sent to it', async () => {
    const old = await ScriptedIndexer.listen({ version: 6 });
    const muxer = newMuxer({ targets: [old.address], tenant: 'acme' });
    muxer.start();
    const [error] = await once(muxer, 'error');
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ reason: 'version' });
    expect(error.message).toContain('speaks API version 6: tenants need version 7');
    await expect(muxer.waitForHot({ timeout: 10_000 })).rejects.toThrow(AllTargetsFailedError);
    expect(old.connections[0]?.heard).toEqual([]);
    expect(old.connections).toHaveLength(1);
  });
});
