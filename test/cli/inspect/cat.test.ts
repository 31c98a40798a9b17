import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openStore, put } from '../../indexer/store/stored.js';
import { encodeFrame, IngesterClient } from '../../support/ingester-client.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { RINGEST, run, SECRET, start } from './ringest.js';

/** The folder of a store with a block of two entries, and one of one. */
async function stored() {
  const path = temporaryDirectory();
  const store = await openStore({ path });
  await put(store, [
    { data: 'GET /a 200', seconds: 1_900_000_000 },
    { data: 'get /b 500', seconds: 1_900_000_001, tag: 'other' },
  ]);
  await put(store, [{ data: 'POST /c 500', seconds: 1_900_000_002 }]);
  return { path, store };
}

/** Sends entries with one tag, and returns the ids that were confirmed. */
async function ingest(address: string, tag: string, data: readonly string[]): Promise<number[]> {
  const { client, tags } = await IngesterClient.hot(address, SECRET, [tag]);
  const number = tags.get(tag) as number;
  data.forEach((one, i) => {
    const entry = { timestamp: i * 1000, tag: number, data: one, source: '10.0.0.1' };
    client.write(encodeFrame(i + 1, entry));
  });
  client.socket.end();
  return client.confirmedUntilEnd();
}

describe('ringest cat', () => {
  it('prints the data of each entry on a line, also of a store that is being written', async () => {
    const { path } = await stored();
    expect(await run('cat', path)).toEqual({
      status: 0,
      stdout: 'GET /a 200\nget /b 500\nPOST /c 500\n',
      stderr: '',
    });
  });

  it('prints JSON for programs', async () => {
    const { path } = await stored();
    const { stdout } = await run('cat', path, '--json', '--tag', 'other', '--tag', 'third');
    expect(JSON.parse(stdout)).toEqual({
      timestamp: '2030-03-17T17:46:41.000000005Z',
      tag: 'other',
      source: '::',
      data: 'get /b 500',
    });
  });

  it('prints times, tags and sources of what is asked for', async () => {
    const { path } = await stored();
    const { stdout } = await run(
      ...['cat', path, '--long', '--match', '^get|500', '--ignore-case'],
      ...['--from', '2030-03-17T17:46:41Z', '--to', '2030-03-18'],
    );
    expect(stdout).toBe(
      '2030-03-17T17:46:41.000000005Z other :: get /b 500\n' +
        '2030-03-17T17:46:42.000000005Z test :: POST /c 500\n',
    );
  });

  it('counts', async () => {
    const { path } = await stored();
    expect(await run('cat', path, '--count', '--match', '500$')).toMatchObject({ stdout: '2\n' });
  });

  it('follows until a signal, with status 0', async () => {
    const { path, store } = await stored();
    const cat = start('cat', path, '--follow', '--match', '500|later');
    await cat.says('stdout', /POST/);
    await put(store, [{ data: 'later' }]);
    await cat.says('stdout', /\nlater\n/);
    expect(await cat.end('SIGTERM')).toBe(0);
    expect(cat.stdout).toBe('get /b 500\nPOST /c 500\nlater\n');
  });

  it('ends with 1 when a signal comes before all was read', async () => {
    const { path, store } = await stored();
    const data = 'x'.repeat(1000);
    for (let block = 0; block < 3; block++) {
      await put(
        store,
        Array.from({ length: 1000 }, () => ({ data })),
      );
    }
    const cat = spawn(process.execPath, [fileURLToPath(RINGEST), 'cat', path], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => void cat.kill('SIGKILL'));
    const ended = once(cat, 'close');
    // While nobody reads on, it waits with the rest.
    await once(cat.stdout, 'readable');
    cat.kill('SIGTERM');
    cat.stdout.resume();
    expect(await ended).toEqual([1, null]);
  });

  it('ends quietly with status 0 once nobody reads it', async () => {
    const { path, store } = await stored();
    const cat = start('cat', path, '--follow');
    await cat.says('stdout', /POST/);
    cat.stopReading('stdout');
    await put(store, [{ data: 'later' }]);
    expect(await cat.end()).toBe(0);
    expect(cat.stderr).toBe('');
  });

  it('prints what it can of a damaged store, says what it cannot, and ends with 1', async () => {
    const { path, store } = await stored();
    await store.close();
    const file = join(path, '0000000000000001.segment');
    const bytes = readFileSync(file);
    const at = bytes.indexOf('GET /a');
    bytes.write('X', at);
    writeFileSync(file, bytes);
    const { status, stdout, stderr } = await run('cat', path);
    expect(status).toBe(1);
    expect(stdout).toBe('POST /c 500\n');
    expect(stderr).toMatch(/segment, \d+ bytes from \d+ on, with 2 entries, cannot be read/);
  });

  it('is an indexer that prints what it gets, and confirms it', async () => {
    const cat = start(
      'cat',
      'tcp://127.0.0.1:0',
      '--ingest-secret',
      SECRET,
      '--long',
      '--tag',
      'a',
    );
    const [, address = ''] = await cat.says('stderr', /listening on (\S+)/);
    expect(await ingest(address, 'a', ['one', 'two'])).toEqual([1, 2]);
    expect(await ingest(address, 'b', ['three'])).toEqual([1]);
    expect(await cat.end('SIGINT')).toBe(0);
    expect(cat.stdout).toBe(
      '1970-01-01T00:00:00Z a 10.0.0.1 one\n1970-01-01T00:00:01Z a 10.0.0.1 two\n',
    );
  });

  it.each([
    ['a folder that is not there', ['/nowhere'], 3, 'there is no such folder'],
    ['an expression that is none', ['x', '--match', '('], 2, 'Invalid regular expression'],
    ['no secret to listen with', ['tcp://127.0.0.1:0'], 2, 'there is no ingest secret'],
    ['a misspelt flag', ['x', '--folow'], 2, 'Did you mean --follow?'],
  ])('refuses %s', async (_what, args, status, message) => {
    const result = await run('cat', ...args);
    expect(result).toMatchObject({ status, stdout: '' });
    expect(result.stderr).toContain(message);
  });
});

describe('ringest indexer', () => {
  it('stores what it confirms, where cat finds it', async () => {
    const path = join(temporaryDirectory(), 'store');
    const flags = ['--listen', '127.0.0.1:0', '--ingest-secret', SECRET, '--json'];
    const indexer = start('indexer', ...flags, '--store', path, '--store-sync');
    const [, address = ''] = await indexer.says('stderr', /listening on (\S+)/);
    expect(await ingest(address, 'test', ['one', 'two'])).toEqual([1, 2]);
    expect((await run('cat', path)).stdout).toBe('one\ntwo\n');
    expect(await indexer.end('SIGTERM')).toBe(0);
    expect(indexer.lastJson()).toMatchObject({ entries: 2, store: { entries: 2, segments: 1 } });
  });

  it.each([
    ['a flag without a store', ['--store-sync'], 2, '--store-sync: it is about a store'],
    ['a folder that cannot be', ['--store', '/dev/null/x'], 3, 'cannot be opened'],
  ])('refuses %s', async (_what, args, status, message) => {
    const result = await run('indexer', '--ingest-secret', SECRET, ...args);
    expect(result.status).toBe(status);
    expect(result.stderr).toContain(message);
  });
});
