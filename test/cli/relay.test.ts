import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compareArrivals, numberedFrom } from '../support/caching.js';
import { CollectingIndexer } from '../support/collecting-indexer.js';
import { hotMuxer, SECRET } from '../support/muxer.js';
import { NodeProcess, RINGEST } from '../support/node-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { freePort } from '../support/victim.js';
import { eventually } from '../support/waiting.js';

const hostOf = (address: string) => address.replace('tcp://', '');

/** Flags of a relay to an indexer. */
function flagsFor(indexer: CollectingIndexer, port: number, ...more: string[]): string[] {
  return [
    ...['relay', '--listen', `127.0.0.1:${port}`, '--listen-secret', SECRET],
    ...['--clear-conns', hostOf(indexer.address), '--ingest-secret', SECRET, ...more],
  ];
}

async function startRelay(...flags: string[]): Promise<NodeProcess> {
  const relay = new NodeProcess(RINGEST, flags);
  await relay.says('stderr', /listener .*: (tcp|pipe)/);
  return relay;
}

describe('ringest relay', () => {
  it('relays until SIGTERM, tells ringest status about it, and ends with 0', async () => {
    const indexer = await CollectingIndexer.start();
    const port = await freePort();
    const socket = join(temporaryDirectory(), 'status.sock');
    const relay = await startRelay(
      ...flagsFor(indexer, port, '--allow-tag', 'test', '--status-socket', socket),
    );
    const muxer = await hotMuxer({ targets: [`tcp://127.0.0.1:${port}`] });
    muxer.writeBatch(numberedFrom(0, 100));
    await muxer.sync();
    const asked = new NodeProcess(RINGEST, ['status', socket]);
    expect(await asked.end()).toBe(0);
    expect(asked.stdout).toMatch(/^relay, process \d+/);
    expect(asked.stdout).toContain('100 read, 100 confirmed, 0 refused\n');
    await muxer.close();
    expect(await relay.end('SIGTERM')).toBe(0);
    expect(relay.stderr).toContain('100 entries: all confirmed\n');
  });

  it('reads the file of a federator, and takes new targets from it at SIGHUP', async () => {
    const [first, second] = [await CollectingIndexer.start(), await CollectingIndexer.start()];
    const folder = temporaryDirectory();
    const [config, pipe] = [join(folder, 'relay.conf'), join(folder, 'relay.sock')];
    const write = (target: string) =>
      writeFileSync(
        config,
        `[Global]\nIngest-Secret=${SECRET}\nCleartext-Backend-Target=${hostOf(target)}\n` +
          'Disable-Self-Ingest=true\nIngester-UUID=11111111-2222-3333-4444-555555555555\n' +
          `[IngestListener "local"]\nIngest-Secret=${SECRET}\nPipe-Bind=${pipe}\nTags=te*\n`,
      );
    write(first.address);
    const relay = await startRelay('relay', '--config', config);
    const muxer = await hotMuxer({ targets: [`pipe://${pipe}`] });
    muxer.writeBatch(numberedFrom(0, 10));
    await muxer.sync();
    write(second.address);
    process.kill(relay.pid as number, 'SIGHUP');
    await relay.says('stderr', /read again/);
    muxer.writeBatch(numberedFrom(10, 20));
    await muxer.sync();
    expect([first.received.length, second.received.length]).toEqual([10, 10]);
  });

  it.each([
    ['nothing to listen on', ['--clear-conns', 'a:1', '--ingest-secret', 'x'], /nothing to listen/],
    ['no indexer', ['--listen', 'a:1', '--listen-secret', 'x'], /no indexer/],
    ['no secret', ['--listen', 'a:1', '--clear-conns', 'a:1'], /--listen-secret-file/],
    ['no listener for its tags', ['--allow-tag', 'x'], /about --listen/],
  ])('ends with 2 when there is %s', async (_what, flags, message) => {
    const relay = new NodeProcess(RINGEST, ['relay', ...flags]);
    expect(await relay.end()).toBe(2);
    expect(relay.stderr).toMatch(message);
  });

  it.each([
    ['without a cache', []],
    ['with a journal', ['--cache-mode', 'journal']],
  ])(
    'that is killed again and again loses nothing that it has confirmed, %s',
    async (_how, flags) => {
      const indexer = await CollectingIndexer.start();
      const port = await freePort();
      const cache = flags.length === 0 ? [] : ['--cache-path', temporaryDirectory(), ...flags];
      const start = () => startRelay(...flagsFor(indexer, port, ...cache));
      let relay = await start();
      const muxer = await hotMuxer({ targets: [`tcp://127.0.0.1:${port}`], ringBytes: 65_536 });
      const count = 4000;
      for (let at = 0; at < count; at += 50) {
        await muxer.writeBatch(numberedFrom(at, at + 50));
        if (at % 1000 !== 500) continue;
        await relay.end('SIGKILL');
        relay = await start();
      }
      await muxer.sync();
      await eventually(() =>
        expect(compareArrivals(indexer.received, numberedFrom(0, count)).lost).toEqual([]),
      );
    },
  );
});
