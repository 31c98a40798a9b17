import { inspect } from 'node:util';
import { CertificateAuthority } from '@ringest/bench/shared';
import { hashSecret } from '@ringest/codec';
import type { ConnectionError, IngestMuxer } from '@ringest/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { collectLogs, newMuxer } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

const SECRET = 'Sup3rSecretWord';

/** The secret, and the authentication hash that is as good as it, in every usual notation. */
const NOTATIONS = [
  SECRET,
  ...(['hex', 'base64', 'latin1'] as const).map((notation) =>
    hashSecret(SECRET).toString(notation),
  ),
  [...hashSecret(SECRET)].join(','),
  [...hashSecret(SECRET)].join(', '),
  inspect(hashSecret(SECRET)),
];

function expectNoSecret(shown: readonly unknown[]): void {
  const text = shown.map((one) => (typeof one === 'string' ? one : everything(one))).join('\n');
  for (const notation of NOTATIONS) expect(text).not.toContain(notation);
}

function everything(value: unknown): string {
  const inspected = inspect(value, { depth: 20, showHidden: true, maxArrayLength: 1e5 });
  return `${inspected}\n${value instanceof Error ? value.stack : JSON.stringify(value)}`;
}

async function settle(muxer: IngestMuxer): Promise<unknown[]> {
  const errors = await Promise.all([
    muxer.waitForHot({ timeout: 50 }).catch((error) => error),
    muxer.sync({ timeout: 50 }).catch((error) => error),
  ]);
  try {
    muxer.sourceIP();
  } catch (error) {
    errors.push(error);
  }
  return errors;
}

describe('a secret', () => {
  it('that the indexer refuses is in no error, event or log line', async () => {
    const { logger, lines } = collectLogs();
    const indexer = await ScriptedIndexer.listen({ secret: 'another' });
    const muxer = newMuxer({ targets: [indexer.address], secret: SECRET, logger });
    const losses: ConnectionError[] = [];
    muxer.on('lost', (error) => losses.push(error));
    muxer.start();
    muxer.writeEntry({ timestamp: 0, tag: 0, data: 'x' });
    await indexer.connection(2);
    const errors = await settle(muxer);
    const stats = muxer.stats();
    await muxer.close();
    expect(losses.length).toBeGreaterThan(1);
    expect(losses[0]?.reason).toBe('authentication');
    expect(lines.join()).toContain('refused the ingest secret');
    expect(errors).toHaveLength(3);
    expectNoSecret([...losses, ...errors, stats, ...lines]);
  });

  it('that is right is in no log line either, whatever happens to the connection', async () => {
    const { logger, lines } = collectLogs();
    const indexer = await ScriptedIndexer.listen({ secret: SECRET });
    const muxer = newMuxer({ targets: [indexer.address], secret: SECRET, logger });
    muxer.start();
    (await indexer.hot(0)).write(Buffer.alloc(4, 0xab));
    (await indexer.hot(1)).socket.resetAndDestroy();
    const connection = await indexer.hot(2);
    muxer.writeEntry({ timestamp: 0, tag: 0, data: 'x' });
    await connection.entries(1);
    await indexer.close();
    await new Promise((resolve) => muxer.once('lost', resolve));
    await muxer.close();
    const messages = lines.map((line) => JSON.parse(line).msg);
    expect(messages).toContain('hot');
    expect(messages).toContain('lost');
    expect(messages).toContain('closed with unconfirmed entries');
    expectNoSecret(lines);
  });

  it('is not shown by a muxer that is looked into', async () => {
    const indexer = await ScriptedIndexer.listen({ secret: SECRET });
    const muxer = newMuxer({ targets: [indexer.address], secret: SECRET });
    muxer.start();
    await muxer.waitForHot();
    expectNoSecret([muxer, muxer.stats()]);
  });

  it('and a private key are in no report that Node.js makes of a crash', async () => {
    const authority = await CertificateAuthority.create();
    const server = await authority.issue({ hosts: ['127.0.0.1'] });
    const { cert, key } = await authority.issue({ hosts: [], client: true });
    const indexer = await ScriptedIndexer.listen({ secret: SECRET, tls: server });
    const tls = { ca: authority.certificate, cert, key };
    const muxer = newMuxer({ targets: [indexer.address], secret: SECRET, tls });
    muxer.start();
    await muxer.waitForHot();
    const report = JSON.stringify(process.report.getReport());
    expect(report).toContain('javascriptStack');
    const shown = [report, muxer, muxer.stats(), muxer.status(), process.title];
    expectNoSecret(shown);
    const [, line = ''] = key.split('\n');
    expect(line.length).toBeGreaterThan(40);
    expect(inspect(shown, { depth: 20, showHidden: true })).not.toContain(line);
  });

  it('is in no line when the muxer stays silent, as it does by default', async () => {
    const written: string[] = [];
    const { write } = process.stdout;
    process.stdout.write = ((text: string) => written.push(`${text}`) > 0) as typeof write;
    onTestFinished(() => {
      process.stdout.write = write;
    });
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'], secret: SECRET });
    const lost = new Promise((resolve) => muxer.once('lost', resolve));
    muxer.start();
    await lost;
    await muxer.close();
    process.stdout.write = write;
    expect(written.join('')).toBe('');
  });
});

describe('the log', () => {
  it('has a line when a connection is hot, lost and when the muxer is closed', async () => {
    const { logger, lines } = collectLogs();
    const indexer = await ScriptedIndexer.listen();
    const muxer = newMuxer({ targets: [indexer.address], logger });
    muxer.start();
    (await indexer.hot(0)).socket.end();
    await indexer.hot(1);
    await muxer.waitForHot();
    await muxer.close();
    const parsed = lines.map((line) => JSON.parse(line));
    expect(parsed.map(({ level, msg }) => [level, msg])).toEqual([
      [30, 'hot'],
      [40, 'lost'],
      [30, 'hot'],
      [30, 'closed'],
    ]);
    expect(parsed[0]).toMatchObject({
      target: indexer.address,
      indexerVersion: 9,
      localAddress: '127.0.0.1',
    });
    expect(parsed[1]).toMatchObject({
      err: { type: 'ConnectionError', code: 'ERR_CONNECTION', reason: 'lost' },
      retryInMs: expect.any(Number),
    });
  });
});
