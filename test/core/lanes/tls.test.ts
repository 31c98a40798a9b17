import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CertificateAuthority, type CertificateOptions, selfSigned } from '@ringest/bench/shared';
import type { ConnectionError, MuxerConfiguration, TlsInput } from '@ringest/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { collectLogs, hotMuxer, newMuxer } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const HERE = ['localhost', '127.0.0.1'];
const DAY = 86_400_000;
const daysFromNow = (days: number) => new Date(Date.now() + days * DAY);

let authority: CertificateAuthority;
let another: CertificateAuthority;

beforeAll(async () => {
  authority = await CertificateAuthority.create();
  another = await CertificateAuthority.create();
});

/** An indexer with a certificate of the authority. */
async function listen(certificate: Partial<CertificateOptions> = {}, tls = {}) {
  const issued = await authority.issue({ hosts: HERE, ...certificate });
  return ScriptedIndexer.listen({ tls: { ...issued, ...tls }, confirms: 'at once' });
}

const entry = { timestamp: 0, tag: 0, data: 'an entry' };

/** Writes one entry and has it confirmed. */
async function delivers(configuration: Pick<MuxerConfiguration, 'targets' | 'tls'>) {
  const muxer = await hotMuxer(configuration);
  muxer.writeEntry(entry);
  await muxer.sync({ timeout: 45_000 });
  return muxer;
}

/** What becomes of the first connection of each target, in the order of the targets. */
async function firstLosses(configuration: Pick<MuxerConfiguration, 'targets' | 'times'>) {
  const { targets } = configuration;
  const muxer = newMuxer({ ...configuration, workers: 1 });
  const losses = new Map<string, ConnectionError>();
  const all = new Promise<void>((resolve) => {
    muxer.on('lost', (error) => {
      if (!losses.has(error.target)) losses.set(error.target, error);
      if (losses.size === targets.length) resolve();
    });
  });
  muxer.start();
  await all;
  return targets.map((target) => {
    const loss = losses.get(typeof target === 'string' ? target : target.address);
    if (loss === undefined) throw new Error('a target has lost no connection');
    return loss;
  });
}

/** The same, of the only one. */
async function firstLoss(target: string, tls?: TlsInput, times = {}): Promise<ConnectionError> {
  const [loss] = await firstLosses({ targets: [{ address: target, tls }], times });
  if (loss === undefined) throw new Error('there is one target');
  return loss;
}

describe('a certificate', () => {
  it('of an authority that is trusted lets entries through', async () => {
    const indexer = await listen();
    await delivers({ targets: [indexer.address], tls: { ca: authority.certificate } });
    expect((await indexer.hot(0)).frames).toHaveLength(1);
  });

  it('may be trusted by the path of a file, one of several', async () => {
    const indexer = await listen();
    const path = join(temporaryDirectory(), 'ca.pem');
    writeFileSync(path, authority.certificate);
    await delivers({ targets: [indexer.address], tls: { ca: [another.certificate, path] } });
  });

  it('that is self-signed may be trusted itself', async () => {
    const own = await selfSigned({ hosts: HERE });
    const indexer = await ScriptedIndexer.listen({ tls: own, confirms: 'at once' });
    await delivers({ targets: [indexer.address], tls: { ca: own.cert } });
  });

  it('that is not good is refused, and why is said', async () => {
    const strange = await authority.issue({ hosts: HERE });
    const own = await selfSigned({ hosts: HERE });
    const [ca, other] = [authority.certificate, another.certificate];
    const cases: [Promise<ScriptedIndexer>, TlsInput | undefined, string][] = [
      [listen({ from: daysFromNow(-2), until: daysFromNow(-1) }), { ca }, 'has expired'],
      [listen({ from: daysFromNow(1), until: daysFromNow(2) }), { ca }, 'is not valid yet'],
      [listen({ hosts: ['a.example', '10.0.0.1'] }), { ca }, 'host (a.example, 10.0.0.1)'],
      [ScriptedIndexer.listen({ tls: strange }), undefined, 'not trusted'],
      [ScriptedIndexer.listen({ tls: strange }), { ca: other }, 'give that as tls.ca'],
      [ScriptedIndexer.listen({ tls: own }), undefined, 'self-signed and not trusted: give it as'],
      [ScriptedIndexer.listen({ tls: own }), { ca: other }, 'self-signed and not trusted'],
    ];
    const targets = await Promise.all(
      cases.map(async ([indexer, tls]) => ({ address: (await indexer).address, tls })),
    );
    const losses = await firstLosses({ targets });
    for (const [i, [, , text]] of cases.entries()) {
      expect(losses[i]?.reason).toBe('certificate');
      expect(losses[i]?.message).toContain(text);
    }
  });

  it('of an intermediate authority needs that one’s certificate, from the indexer or in tls.ca', async () => {
    const intermediate = await authority.intermediate();
    const { cert, key } = await intermediate.issue({ hosts: HERE });
    const ca = authority.certificate;
    const alone = await ScriptedIndexer.listen({ tls: { cert, key }, confirms: 'at once' });
    const error = await firstLoss(alone.address, { ca });
    expect(error.reason).toBe('certificate');
    expect(error.message).toContain('an intermediate certificate, have the indexer send its whole');
    expect(error.message).toContain('or add it to tls.ca');
    await delivers({ targets: [alone.address], tls: { ca: [ca, intermediate.certificate] } });
    const chain = `${cert}\n${intermediate.certificate}`;
    const whole = await ScriptedIndexer.listen({ tls: { cert: chain, key }, confirms: 'at once' });
    await delivers({ targets: [whole.address], tls: { ca } });
  });

  it('must be for the servername if there is one, a name or an address', async () => {
    const indexer = await listen({ hosts: ['indexer.example', '10.1.2.3'] });
    const ca = authority.certificate;
    const names: (string | undefined)[] = [];
    for (const servername of ['indexer.example', '10.1.2.3']) {
      const muxer = await delivers({ targets: [indexer.address], tls: { ca, servername } });
      const { socket } = indexer.connections.at(-1) as { socket: unknown };
      names.push((socket as { servername?: string }).servername);
      await muxer.close();
    }
    expect(names.map((name) => name || undefined)).toEqual(['indexer.example', undefined]);
    const tls = { ca, servername: 'other.example' };
    const error = await firstLoss(indexer.address, tls);
    expect(error.message).toContain('is for another host');
  });

  it('is taken from anybody if that is asked for by name, and the log warns of it', async () => {
    const own = await selfSigned({ hosts: ['elsewhere'] });
    const indexer = await ScriptedIndexer.listen({ tls: own, confirms: 'at once' });
    const { logger, lines } = collectLogs();
    const muxer = await hotMuxer({
      targets: [indexer.address],
      tls: { insecureSkipVerify: true },
      logger,
    });
    muxer.writeEntry(entry);
    await muxer.sync();
    const warnings = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 40);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({ target: indexer.address });
    expect(warnings[0].msg).toContain('not verified');
  });
});

describe('a client certificate', () => {
  const asking = () => ({ requestCert: true, ca: authority.certificate });

  it('is shown to an indexer that asks for one', async () => {
    const indexer = await listen({}, asking());
    const client = await authority.issue({ hosts: [], client: true });
    await delivers({ targets: [indexer.address], tls: { ca: authority.certificate, ...client } });
  });

  /** What becomes of the first connections with TLS 1.2 and TLS 1.3. */
  async function lossesOfBoth(tls: TlsInput): Promise<ConnectionError[]> {
    const versions = ['TLSv1.2', 'TLSv1.3'];
    const indexers = versions.map((maxVersion) => listen({}, { ...asking(), maxVersion }));
    const targets = (await Promise.all(indexers)).map(({ address }) => ({ address, tls }));
    return firstLosses({ targets });
  }

  it('of an unknown authority is guessed to be the reason', async () => {
    const client = await another.issue({ hosts: [], client: true });
    for (const error of await lossesOfBoth({ ca: authority.certificate, ...client })) {
      expect(error.message).toContain('client certificate');
      expect(error.reason).toBe('certificate');
    }
  });

  it('that is missing is named as a reason, whatever the version of TLS', async () => {
    for (const error of await lossesOfBoth({ ca: authority.certificate })) {
      expect(error.message).toContain('client certificate');
      expect(error.message).toContain('tls.cert and tls.key');
      expect(error.reason).toBe('certificate');
    }
  });
});

describe('an indexer', () => {
  it('that has nothing newer than TLS 1.1 is not talked to', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
    const indexer = await listen({}, old);
    const tls = { insecureSkipVerify: true };
    const error = await firstLoss(indexer.address, tls);
    expect(error.message).toContain('nothing newer than TLS 1.1');
  });

  it('that speaks no TLS is told from one that does', async () => {
    const indexer = await ScriptedIndexer.listen({ listens: false });
    const error = await firstLoss(`tls://127.0.0.1:${indexer.port}`);
    expect(error).toMatchObject({ reason: 'dial' });
    expect(error.message).toContain('does not speak TLS');
  });

  it('that never answers the TLS handshake is given up in time', async () => {
    const indexer = await ScriptedIndexer.listen({ greets: false, listens: false });
    const address = `tls://127.0.0.1:${indexer.port}`;
    const error = await firstLoss(address, undefined, { tls: 50 });
    expect(error).toMatchObject({ reason: 'timeout' });
    expect(error.message).toContain('not secure within 50 ms');
  });

  it('that hangs up in the TLS handshake is a lost one', async () => {
    const indexer = await ScriptedIndexer.listen({ greets: false, listens: false });
    const lost = firstLoss(`tls://127.0.0.1:${indexer.port}`);
    (await indexer.connection(0)).socket.destroy();
    expect(await lost).toMatchObject({ reason: 'dial' });
  });
});
