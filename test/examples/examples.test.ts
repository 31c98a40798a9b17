import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { GRAVWELL_TAG } from '@ringest/core';
import { Indexer } from '@ringest/indexer';
import { describe, expect, it, onTestFinished } from 'vitest';
import { NodeProcess } from '../support/node-process.js';
import { projectFolder } from '../support/project-folder.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventually } from '../support/waiting.js';

const example = (path: string) => new URL(`../../examples/${path}`, import.meta.url);

/** An indexer, and the texts that it has confirmed but for those of ringest's own log. */
async function startIndexer() {
  const texts: string[] = [];
  const indexer = new Indexer({
    listen: '127.0.0.1:0',
    secret: 'IngestSecrets',
    onEntry: (entry) => {
      if (entry.tag !== GRAVWELL_TAG) texts.push(entry.data.toString());
    },
  });
  Object.assign(process.env, { INGEST_TARGET: await indexer.listen() });
  onTestFinished(async () => {
    Reflect.deleteProperty(process.env, 'INGEST_TARGET');
    await indexer.close();
  });
  return texts;
}

describe('the example', () => {
  it('file-tail ships lines, also those that come later, and the last one without an end', async () => {
    const texts = await startIndexer();
    const file = join(temporaryDirectory(), 'log');
    writeFileSync(file, 'one\ntwo\n');
    const tail = new NodeProcess(example('file-tail/tail.js'), [file]);
    await eventually(() => expect(texts).toEqual(['one', 'two']));
    appendFileSync(file, 'three\nfo');
    await eventually(() => expect(texts).toContain('three'));
    expect(await tail.end('SIGTERM'), tail.stderr).toBe(0);
    expect(texts).toEqual(['one', 'two', 'three', 'fo']);
    expect(tail.stdout).toBe('4 lines, 0 of them not confirmed\n');
  });

  it('http-receiver answers when an entry is confirmed, and refuses a bad tag', async () => {
    const texts = await startIndexer();
    const receiver = new NodeProcess(example('http-receiver/receiver.js'), ['0']);
    const [, address] = await receiver.says('stdout', /listening on (\S+)\n/);
    const post = (tag: string) =>
      fetch(`${address}/tags/${tag}`, {
        method: 'POST',
        body: 'a request',
        headers: { 'content-type': 'text/plain' },
      });
    const answer = await post('web');
    expect([answer.status, await answer.text()]).toEqual([200, 'confirmed\n']);
    expect(texts).toEqual(['a request']);
    expect((await post('a%20b')).status).toBe(400);
    expect(await receiver.end('SIGTERM'), receiver.stderr).toBe(0);
  });

  it('syslog-relay relays lines of TCP and datagrams of UDP', async () => {
    const texts = await startIndexer();
    const relay = new NodeProcess(example('syslog-relay/relay.js'), ['0']);
    const [, port] = await relay.says('stdout', /listening on (\d+)\n/);
    const socket = connect(Number(port), '127.0.0.1').end('<13>one\n<13>two\n');
    await once(socket, 'close');
    const udp = createSocket('udp4');
    onTestFinished(() => {
      udp.close();
    });
    // A datagram may be lost on a busy machine.
    await eventually(() => {
      udp.send('<13>three', Number(port), '127.0.0.1');
      expect(texts).toContain('<13>three');
    });
    await eventually(() => expect(texts).toContain('<13>two'));
    expect(texts).toContain('<13>one');
    expect(await relay.end('SIGTERM'), relay.stderr).toBe(0);
    expect(relay.stdout).toMatch(/0 datagrams dropped/);
  });

  it('pino ships what a service logs, and its last record before it ends', async () => {
    const texts = await startIndexer();
    const service = new NodeProcess(example('pino/service.js'), ['0']);
    const [, address] = await service.says('stdout', /listening on (\S+)\n/);
    expect((await fetch(`${address}/one`)).status).toBe(200);
    await eventually(() => expect(texts).toHaveLength(1));
    expect((await fetch(`${address}/two`)).status).toBe(200);
    expect(await service.end('SIGTERM'), service.stderr).toBe(0);
    expect(texts.map((text) => JSON.parse(text).path)).toEqual(['/one', '/two']);
  });

  it('worker-pool ships files from the threads of a pool, packed ones too, and says what it cannot read', async () => {
    const texts = await startIndexer();
    const folder = temporaryDirectory();
    const linesOf = (name: string) => Array.from({ length: 500 }, (_, i) => `${name} ${i}`);
    const [plain, packed, missing] = ['plain', 'packed.gz', 'missing'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    writeFileSync(plain, linesOf('plain').join('\n'));
    writeFileSync(packed, gzipSync(linesOf('packed').join('\n')));
    const pool = new NodeProcess(example('worker-pool/pool.js'), [plain, packed, missing]);
    expect(await pool.end(), pool.stderr).toBe(1);
    expect(pool.stderr).toContain('missing: ENOENT');
    expect(pool.stdout.trimEnd().split('\n').sort()).toEqual(
      ['0 lines not confirmed', `${packed}: 500 lines`, `${plain}: 500 lines`].sort(),
    );
    expect(texts.toSorted()).toEqual([...linesOf('plain'), ...linesOf('packed')].sort());
  });

  it('bundle runs with ringest beside it', async () => {
    const texts = await startIndexer();
    const file = join(projectFolder(example('node_modules')), 'ingester.mjs');
    const build = new NodeProcess(example('bundle/build.js'), [file]);
    expect(await build.end(), build.stderr).toBe(0);
    const ingester = new NodeProcess(pathToFileURL(file), []);
    expect(await ingester.end(), ingester.stderr).toBe(0);
    expect(ingester.stdout).toBe('confirmed\n');
    expect(texts).toEqual(['from a bundle']);
  });
});
