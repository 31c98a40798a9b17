import { appendFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { CollectingIndexer } from '../../support/collecting-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { eventually } from '../../support/waiting.js';
import { run, SECRET, start } from './ringest.js';

/** A `ship` that follows a file, and its socket. */
async function following() {
  const indexer = await CollectingIndexer.start();
  const folder = temporaryDirectory();
  const [file, socket] = [join(folder, 'a.log'), join(folder, 's.sock')];
  writeFileSync(file, 'one\ntwo\n');
  const target = [
    '--clear-conns',
    indexer.address.replace('tcp://', ''),
    '--ingest-secret',
    SECRET,
  ];
  const flags = ['--follow', '--tag', 'test', '--status-socket', socket];
  const ship = start('ship', ...flags, ...target, file);
  await indexer.entries(2);
  return { indexer, file, socket, ship };
}

test('a running ship tells about its lanes, rates and files', async () => {
  const { indexer, file, socket, ship } = await following();
  const status = async () => JSON.parse((await run('status', socket, '--json')).stdout);
  await eventually(async () => expect(await status()).toMatchObject({ confirmed: 2 }));
  expect(await status()).toMatchObject({
    version: 1,
    command: 'ship',
    pid: ship.pid,
    entries: 2,
    bytes: 8,
    refused: 0,
    rates: { entries: expect.any(Number), confirmed: expect.any(Number) },
    lanes: [{ target: indexer.address, state: 'hot', confirmedEntries: 2, lastError: null }],
    cache: null,
    files: [{ path: file, size: 8, read: 8, confirmed: 8 }],
  });
  appendFileSync(file, 'three\n');
  await eventually(async () =>
    expect(await status()).toMatchObject({ files: [{ size: 14, confirmed: 14 }] }),
  );
  const { status: code, stdout } = await run('status', socket);
  expect(code).toBe(0);
  expect(stdout).toContain('3 read, 3 confirmed, 0 refused\n');
  expect(stdout).toContain(`${file}: 0 B to read, 0 B to confirm, of 14 B\n`);
  expect(statSync(socket).mode & 0o777).toBe(0o600);
  expect(await ship.end('SIGTERM')).toBe(0);
  expect(statSync(socket, { throwIfNoEntry: false })).toBeUndefined();
});

test('ringest status --watch ends quietly once nobody reads it', async () => {
  const { socket } = await following();
  const status = start('status', socket, '--watch');
  await status.says('stdout', /read/);
  status.stopReading('stdout');
  expect(await status.end()).toBe(0);
  expect(status.stderr).toBe('');
});

test('a ship that was killed leaves a socket that the next one takes', async () => {
  const { socket, ship, file, indexer } = await following();
  await ship.end('SIGKILL');
  expect(await run('status', socket)).toMatchObject({
    status: 3,
    stderr: expect.stringContaining('does not answer'),
  });
  const target = [
    '--clear-conns',
    indexer.address.replace('tcp://', ''),
    '--ingest-secret',
    SECRET,
  ];
  const again = await run('ship', '--status-socket', socket, ...target, file);
  expect(again).toMatchObject({ status: 0 });
});

test('a socket of another program is left alone, by ship and by status', async () => {
  const path = join(temporaryDirectory(), 'other.sock');
  const server = createServer((socket) => socket.end('hello\n')).listen(path);
  onTestFinished(() => void server.close());
  expect(await run('status', path)).toMatchObject({ status: 3 });
  const indexer = await CollectingIndexer.start();
  const target = [
    '--clear-conns',
    indexer.address.replace('tcp://', ''),
    '--ingest-secret',
    SECRET,
  ];
  expect(await run('ship', '--status-socket', path, ...target)).toMatchObject({
    status: 3,
    stderr: `ringest: ${path} is in use: give another --status-socket\n`,
  });
});
