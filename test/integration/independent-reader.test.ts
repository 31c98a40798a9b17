import { once } from 'node:events';
import { connect } from 'node:net';
import { EntryDigest } from '@ringest/indexer';
import { describe, expect, it } from 'vitest';
import { viewFrames } from '../support/load-frames.js';
import { loadHere } from '../support/load-here.js';
import { NodeProcess, support } from '../support/node-process.js';
import { readIngesterSide, recorded } from '../support/sessions.js';

interface Account {
  readonly entries: number;
  readonly bytes: number;
  readonly digest: string;
  readonly tags: Readonly<Record<string, number>>;
}

/** An indexer in a process of its own that was written after the protocol alone. */
async function startReader(...args: string[]) {
  const reader = new NodeProcess(support('plain-indexer.mjs'), args);
  const [, address = ''] = await reader.says('stderr', /listening on (\S+)\n/);
  const account = async () => {
    expect(await reader.end('SIGTERM'), reader.stderr).toBe(0);
    return reader.lastJson<Account>();
  };
  return { address, account };
}

describe('a reader that shares no code with ringest', () => {
  it.each([
    ['lines', 'lines', ['--entry-size', '256']],
    ['short lines, one by one', 'lines', ['--entry-size', '30', '--batch', '1']],
    ['JSON, in batches', 'json', ['--entry-size', '300', '--batch', '500']],
    ['entries with enumerated values', 'evs', ['--entry-size', '100', '--batch', '64']],
  ])('finds the digest of a load of %s', async (_what, content, flags) => {
    const { address, account } = await startReader();
    const report = await loadHere<{ entries: number; digest: string }>(
      ...['--clear-conns', address, '--content', content, '--entry-count', '10000'],
      ...['--digest', 'sha256', '--tag-name', 'load-test', ...flags],
    );
    expect(report.entries).toBe(10_000);
    expect(await account()).toMatchObject({
      entries: 10_000,
      digest: report.digest,
      tags: { 'load-test': 10_000 },
    });
  });

  it('reads what the reference ingester wrote as ringest does', async () => {
    const challenge = recorded('session-plain', 'indexer')[0]?.toString('hex') ?? expect.fail();
    const session = Buffer.concat(recorded('session-plain', 'ingester'));
    const { address, account } = await startReader(challenge);
    const [host, port] = address.split(':');
    const socket = connect(Number(port), host).resume();
    socket.end(session);
    await once(socket, 'close');

    const digest = new EntryDigest();
    const entries = readIngesterSide([session]).flatMap((message) =>
      message.kind === 'entry' ? [message.entry] : [],
    );
    viewFrames(entries, (view) => digest.add(view));
    expect(await account()).toMatchObject({
      entries: 4,
      digest: digest.toString(),
      tags: { test: 2, syslog: 1, newtag: 1 },
    });
  });
});
