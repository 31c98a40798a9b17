import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NodeDisk } from '@ringest/cache/internal';
import { encodedSize, encodeFrame } from '@ringest/workers';
import { expect, test } from 'vitest';
import { openLog } from '../../cache/logs.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { run, start } from './ringest.js';

const NAME = '0000000000000001.segment';

/** A cache with one entry. */
function cacheOf(data: string): string {
  const path = temporaryDirectory();
  const log = openLog(new NodeDisk(path));
  const parts = { seconds: 1, nanoseconds: 0, tag: 0, source: undefined, data, values: undefined };
  const frame = Buffer.alloc(encodedSize(parts));
  encodeFrame(parts, frame);
  log.append(frame, 1, ['one']);
  log.sync();
  log.close();
  return path;
}

test('ringest cache dump prints what is in a cache, and its entries as JSON', async () => {
  const { status, stdout, stderr } = await run('cache', 'dump', cacheOf('hello'), '--entries');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ sequence: 0, tag: 'one', data: 'hello' });
  expect(stderr).toContain('1 segment with 1 entry in 1 block');
});

test('ringest cache dump ends quietly once nobody reads it', async () => {
  const dump = start('cache', 'dump', cacheOf('hello'), '--entries');
  dump.stopReading('stdout');
  expect(await dump.end()).toBe(0);
  expect(dump.stderr).not.toMatch(/EPIPE|at /);
});

test('ringest cache verify says what is damaged, with status 1', async () => {
  const path = cacheOf('hello');
  expect(await run('cache', 'verify', path)).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^1 segment with 1 entry in 1 block, .*; 0 damaged parts/),
  });
  const bytes = readFileSync(join(path, NAME));
  bytes.write('J', bytes.indexOf('hello'));
  writeFileSync(join(path, NAME), bytes);
  const { status, stdout } = await run('cache', 'verify', path);
  expect(status).toBe(1);
  expect(stdout).toMatch(new RegExp(`^${NAME}, \\d+: DAMAGED: \\d+ bytes, 1 entry\n`));
});

test('ringest cache requeue puts the quarantine back', async () => {
  const path = cacheOf('hello');
  mkdirSync(join(path, 'quarantine'), { recursive: true });
  renameSync(join(path, NAME), join(path, 'quarantine', NAME));
  const { status, stdout } = await run('cache', 'requeue', path);
  expect(status).toBe(0);
  expect(stdout).toBe(
    `${NAME}: 1 entry back in the cache\n1 entry back in the cache; 1 file left the quarantine, 0 stay\n`,
  );
  expect((await run('cache', 'dump', path, '--entries')).stdout).toContain('"data":"hello"');
});

test('ringest cache says that a folder is not there, with status 3', async () => {
  expect(await run('cache', 'verify', '/nowhere')).toMatchObject({
    status: 3,
    stderr: 'ringest: /nowhere: there is no such folder\n',
  });
});
