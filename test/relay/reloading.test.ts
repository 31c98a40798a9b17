import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { CertificateAuthority } from '@ringest/bench/shared';
import { TooManyTagsError } from '@ringest/core';
import { InvalidOptionError } from '@ringest/indexer';
import { type Relay, RelayReloadError } from '@ringest/relay';
import { describe, expect, it, vi } from 'vitest';
import { numberedFrom } from '../support/caching.js';
import { CollectingIndexer } from '../support/collecting-indexer.js';
import { hotMuxer, SECRET } from '../support/muxer.js';
import { startRelay } from '../support/relaying.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventually } from '../support/waiting.js';

/** The options of the muxers. A reload has to have those that stay. */
function muxerOf(target: string, more: { tags?: readonly string[] } = {}) {
  return {
    ...{ targets: [target], secret: SECRET, selfIngest: false, workers: 1, closeTimeout: 20 },
    times: { dial: 2000, handshake: 5000, notReady: 20, firstRetry: 20, mostRetry: 100 },
    ...more,
  } as const;
}

/** A relay for two tenants, at work. */
async function twoTenants(target: string) {
  const tenants = ['slow', 'quick'];
  const { relay, address } = await startRelay({ muxer: muxerOf(target), listener: { tenants } });
  await eventually(() =>
    expect([...relay.muxers.values()].map((one) => one.hot())).toEqual([1, 1]),
  );
  return { relay, address };
}

const targetsOf = (relay: Relay, tenant: string) =>
  relay.muxers
    .get(tenant)
    ?.status()
    .targets.map(({ target }) => target);

/** The serial number of the certificate that a listener shows. */
async function serialOf(address: string): Promise<string> {
  const { hostname: host, port } = new URL(address);
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return socket.getPeerCertificate().serialNumber;
  } finally {
    socket.destroy();
  }
}

describe('a reload of a relay', () => {
  it('gives each tenant its new targets, while an old one of another confirms nothing', async () => {
    const silent = await ScriptedIndexer.listen();
    const next = await CollectingIndexer.start();
    const { relay, address } = await twoTenants(silent.address);
    const muxer = await hotMuxer({ targets: [address], tenant: 'slow' });
    muxer.writeBatch(numberedFrom(0, 10));
    await eventually(() => expect(relay.stats().listeners[0]?.entries).toBe(10));
    const waiting = new AbortController();
    const reload = relay.reload(muxerOf(next.address), { signal: waiting.signal });
    const failed = expect(reload).rejects.toMatchObject({
      constructor: RelayReloadError,
      tenants: ['slow'],
      message: expect.stringContaining('the waiting is over'),
    });
    await eventually(() => expect(targetsOf(relay, 'quick')).toEqual([next.address]));
    expect(targetsOf(relay, 'slow')).toEqual([silent.address, next.address]);
    waiting.abort(new Error('the waiting is over'));
    await failed;
  });

  it('reads certificates again, and changes nothing when one cannot be used', async () => {
    const authority = await CertificateAuthority.create();
    const folder = temporaryDirectory();
    const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
    const renew = async () => {
      const { cert, key } = await authority.issue({ hosts: ['127.0.0.1'] });
      writeFileSync(tls.cert, cert);
      writeFileSync(tls.key, key);
      return new X509Certificate(cert).serialNumber;
    };
    const first = await renew();
    const indexer = await CollectingIndexer.start();
    const { relay, address } = await startRelay({
      muxer: muxerOf(indexer.address),
      listener: { listen: 'tls://127.0.0.1:0', tls },
    });
    expect(await serialOf(address)).toBe(first);
    const second = await renew();
    await relay.reload(muxerOf(indexer.address));
    expect(await serialOf(address)).toBe(second);
    writeFileSync(tls.cert, 'none');
    const wanted = muxerOf('tcp://127.0.0.1:1');
    await expect(relay.reload(wanted)).rejects.toThrow(InvalidOptionError);
    expect(targetsOf(relay, '')).toEqual([indexer.address]);
    expect(await serialOf(address)).toBe(second);
  });

  it('changes no tenant when one of them cannot change', async () => {
    const indexer = await CollectingIndexer.start();
    const { relay } = await twoTenants(indexer.address);
    const full = relay.muxers.get('quick');
    for (let i = 0; i < 65_535; i++) full?.negotiateTag(`t${i}`);
    const wanted = { ...muxerOf('tcp://127.0.0.1:1'), tags: ['new'] };
    await expect(relay.reload(wanted)).rejects.toThrow(TooManyTagsError);
    expect(relay.muxers.get('slow')?.knownTags()).toEqual([]);
    expect(targetsOf(relay, 'slow')).toEqual([indexer.address]);
  });
});

describe('the end of a relay', () => {
  it('leaves its muxers what the listeners have left of closeTimeout, and not the whole again', async () => {
    const silent = await ScriptedIndexer.listen();
    const closeTimeout = 200;
    const { relay, address } = await startRelay({
      muxer: { ...muxerOf(silent.address), closeTimeout },
    });
    const muxer = await hotMuxer({ targets: [address] });
    muxer.writeBatch(numberedFrom(0, 10));
    await eventually(() => expect(relay.stats().listeners[0]?.entries).toBe(10));
    const own = relay.muxers.get('');
    const close = own && vi.spyOn(own, 'close');
    expect(await relay.close()).toEqual({ unconfirmed: 10, cached: 0 });
    expect(close?.mock.calls[0]?.[0]?.timeout).toBeLessThan(closeTimeout / 2);
  });
});
