import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compareArrivals, numberedFrom } from '../support/caching.js';
import { CollectingIndexer } from '../support/collecting-indexer.js';
import { IngesterClient } from '../support/ingester-client.js';
import { hotMuxer, SECRET } from '../support/muxer.js';
import { NodeProcess, RINGEST } from '../support/node-process.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { freePort } from '../support/victim.js';
import { eventually } from '../support/waiting.js';

const hostOf = (address: string) => address.replace('tcp://', '');

/** Flags of a relay to an indexer. */
function flagsFor(
  indexer: { readonly address: string },
  port: number,
  ...more: string[]
): string[] {
  return [
    ...['relay', '--listen', `127.0.0.1:${port}`, '--listen-secret', SECRET],
    ...['--clear-conns', hostOf(indexer.address), '--ingest-secret', SECRET, ...more],
  ];
}

/** A file of a relay with one target and one listener. */
const fileFor = (target: string) => `[Global]
Ingest-Secret=${SECRET}
Cleartext-Backend-Target=${hostOf(target)}
Disable-Self-Ingest=true
Ingester-UUID=11111111-2222-3333-4444-555555555555
[IngestListener "local"]
Ingest-Secret=${SECRET}
Cleartext-Bind=127.0.0.1:0
`;

async function startRelay(...flags: string[]): Promise<NodeProcess> {
  const relay = new NodeProcess(RINGEST, flags);
  await relay.says('stderr', /listener .*: (tcp|pipe)/);
  return relay;
}

async function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
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
    const stranger = await IngesterClient.connect(`tcp://127.0.0.1:${port}`);
    await stranger.authenticate('another secret').catch(() => {});
    await relay.says('stderr', /ERR_AUTHENTICATION|does not have the ingest secret/);
    const asked = new NodeProcess(RINGEST, ['status', socket]);
    expect(await asked.end()).toBe(0);
    expect(asked.stdout).toMatch(/^relay, process \d+/);
    expect(asked.stdout).toContain('100 read, 100 confirmed\n');
    expect(asked.stdout).toContain(
      `  listener flags  tcp://127.0.0.1:${port}: 1 connected, 100 entries, 1 ingesters and 0 tags refused\n`,
    );
    const json = new NodeProcess(RINGEST, ['status', '--json', socket]);
    await json.end();
    expect(json.lastJson<{ ingestListeners: unknown }>().ingestListeners).toEqual([
      {
        ...{ name: 'flags', addresses: [`tcp://127.0.0.1:${port}`], ingesters: 1 },
        ...{ refusedIngesters: 1, refusedTags: 0, entries: 100, bytes: expect.any(Number) },
      },
    ]);
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

  it('goes on after a SIGHUP that comes before it listens, and reads the file again then', async () => {
    const port = await freePort();
    const silent = await ScriptedIndexer.listen({ greets: false, port });
    const config = join(temporaryDirectory(), 'relay.conf');
    writeFileSync(config, fileFor(silent.address));
    const relay = new NodeProcess(RINGEST, ['relay', '--config', config]);
    await silent.connection(0);
    relay.kill('SIGHUP');
    await silent.close();
    await CollectingIndexer.start({ port });
    await relay.says('stderr', /listener local/);
    await relay.says('stderr', /read again/);
    expect(await relay.end('SIGTERM')).toBe(0);
  });

  it('goes on after a SIGHUP that comes while it ends', async () => {
    const indexer = await ScriptedIndexer.listen();
    const port = await freePort();
    const relay = await startRelay(...flagsFor(indexer, port, '--grace', '1h'));
    const muxer = await hotMuxer({ targets: [`tcp://127.0.0.1:${port}`] });
    muxer.writeBatch(numberedFrom(0, 10));
    const connection = await indexer.hot(0);
    await connection.entries(10);
    relay.kill('SIGTERM');
    await eventually(() => expect(canConnect(port)).resolves.toBe(false));
    relay.kill('SIGHUP');
    await relay.says('stderr', /the configuration/);
    connection.confirmThrough(10);
    expect(await relay.end()).toBe(0);
  });

  it('says at SIGHUP what listeners change in the file only after a restart', async () => {
    const indexer = await CollectingIndexer.start();
    const config = join(temporaryDirectory(), 'relay.conf');
    const file = fileFor(indexer.address);
    writeFileSync(config, file);
    const relay = await startRelay('relay', '--config', config);
    writeFileSync(
      config,
      `${file}Tags=narrow\n${file.slice(file.indexOf('[Ing')).replace('local', 'more')}`,
    );
    relay.kill('SIGHUP');
    await relay.says('stderr', /read again\n/);
    expect(relay.stderr).toMatch(/listener local has changed .* restart for it\n/);
    expect(relay.stderr).toContain('listener more is new: restart to open it\n');
    writeFileSync(config, file.replace('local', 'more'));
    relay.kill('SIGHUP');
    await relay.says('stderr', /listener local is gone .* restart to close it\n/);
  });

  it('replaces targets at a second SIGHUP, while those of the first do not confirm', async () => {
    const silent = await ScriptedIndexer.listen();
    const [second, third] = [await CollectingIndexer.start(), await CollectingIndexer.start()];
    const config = join(temporaryDirectory(), 'relay.conf');
    writeFileSync(config, fileFor(silent.address));
    const relay = await startRelay('relay', '--config', config);
    const [, port] = await relay.says('stderr', /tcp:\/\/127\.0\.0\.1:(\d+)/);
    const muxer = await hotMuxer({ targets: [`tcp://127.0.0.1:${port}`] });
    muxer.writeBatch(numberedFrom(0, 10));
    const connection = await silent.hot(0);
    await connection.entries(10);
    writeFileSync(config, fileFor(second.address));
    relay.kill('SIGHUP');
    await second.indexer.connection(0);
    muxer.writeBatch(numberedFrom(10, 20));
    await second.entries(10);
    writeFileSync(config, fileFor(third.address));
    relay.kill('SIGHUP');
    await relay.says('stderr', /not all is done.*another SIGHUP/);
    await third.indexer.connection(0);
    muxer.writeBatch(numberedFrom(20, 30));
    await third.entries(10);
    connection.confirmThrough(10);
    await relay.says('stderr', /read again\n/);
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
