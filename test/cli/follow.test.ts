import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack } from 'msgpackr';
import { beforeEach, describe, expect, it } from 'vitest';
import { CollectingIndexer } from '../support/collecting-indexer.js';
import { GrowingLog } from '../support/growing-log.js';
import type { NodeProcess } from '../support/node-process.js';
import { ship, textsOf } from '../support/shipping.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventually } from '../support/waiting.js';

/** Nothing is quiet for so long in a test that does not wait for it. */
const NEVER_QUIET = ['--quiet', '1h'];
const QUIET = ['--quiet', '100ms'];

let indexer: CollectingIndexer;
let log: GrowingLog;
let state: string;

beforeEach(async () => {
  indexer = await CollectingIndexer.start();
  log = new GrowingLog(temporaryDirectory());
  state = join(temporaryDirectory(), 'state');
});

const follow = (...flags: readonly string[]): NodeProcess =>
  ship(indexer.address, '--follow', '--poll', '10ms', '--state-file', state, ...flags);
const statesOf = (): { readonly path: string; readonly offset: number }[] =>
  existsSync(state) ? JSON.parse(readFileSync(state, 'utf8')).files : [];
const allLines = () => Array.from({ length: log.lines }, (_, i) => GrowingLog.line(i + 1));
const arrived = (lines: readonly string[]) =>
  eventually(() => expect(textsOf(indexer).sort()).toEqual([...lines].sort()));

describe('ringest ship --follow', () => {
  it('keeps its state file from another one, until it is gone', async () => {
    log.write(3);
    const process = follow(...NEVER_QUIET, log.path);
    await arrived(allLines());
    const other = follow(log.path);
    expect(await other.end()).toBe(3);
    expect(other.stderr).toContain(`${state} is in use by process ${process.pid} on `);
    await eventually(() => expect(statesOf()).toHaveLength(1));
    await process.end('SIGKILL');
    log.write(1);
    const next = follow(...NEVER_QUIET, log.path);
    await eventually(() => expect(new Set(textsOf(indexer))).toEqual(new Set(allLines())));
    expect(await next.end('SIGTERM')).toBe(0);
  });

  it('reads no further in a file that cannot be divided into entries, and goes on with others', async () => {
    const [bad, good] = [join(log.folder, 'bad.mp'), join(log.folder, 'good.mp')];
    writeFileSync(bad, Buffer.concat([pack('one'), Buffer.of(0xc1), pack('never')]));
    const process = follow(...QUIET, '--format', 'messagepack', join(log.folder, '*.mp'));
    await process.says(
      'stderr',
      /bad\.mp: no value of MessagePack begins with the byte c1, at byte 4/,
    );
    writeFileSync(good, pack('two'));
    await arrived(['one', 'two']);
    expect(await process.end('SIGTERM')).toBe(1);
    expect(statesOf().find(({ path }) => path === bad)?.offset).toBe(4);
  });

  it('ships lines as they come, and ends with 0 when all of them are confirmed', async () => {
    log.write(3);
    const process = follow(...NEVER_QUIET, log.path);
    await arrived(allLines());
    log.write(4);
    await arrived(allLines());
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it('finds files that are made later, by their path or by a pattern', async () => {
    const process = follow(...NEVER_QUIET, log.path, join(log.folder, '*.txt'));
    writeFileSync(join(log.folder, 'first.txt'), 'first\n');
    await arrived(['first']);
    log.write(2);
    writeFileSync(join(log.folder, 'other.txt'), 'other\n');
    await arrived(['first', ...allLines(), 'other']);
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it.each(['by its path', 'with its rotated files'])(
    'follows a file %s that is renamed',
    async (how) => {
      log.write(3);
      const process = follow(...NEVER_QUIET, how === 'by its path' ? log.path : `${log.path}*`);
      await arrived(allLines());
      // The new file is there before the old one is read to its end, which a late writer goes on with.
      log.rename();
      const old = `${log.path}.1`;
      log.write(3);
      await arrived(allLines());
      appendFileSync(old, 'late\n');
      await arrived([...allLines(), 'late']);
      expect(await process.end('SIGTERM')).toBe(0);
    },
  );

  it.each(['by its path', 'with its copies'])(
    'follows a file %s that is copied and truncated',
    async (how) => {
      log.write(3);
      const process = follow(...NEVER_QUIET, how === 'by its path' ? log.path : `${log.path}*`);
      await arrived(allLines());
      for (let round = 0; round < 3; round++) {
        log.write(5);
        log.copyAndTruncate();
        // As long as before, so that the size says nothing.
        log.write(5);
        await arrived(allLines());
      }
      expect(await process.end('SIGTERM')).toBe(0);
    },
  );

  it('follows a file that is removed and made anew', async () => {
    log.write(3);
    const process = follow(...NEVER_QUIET, log.path);
    await arrived(allLines());
    log.remove();
    log.write(3);
    await arrived(allLines());
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it('goes on where confirmations ended', async () => {
    log.write(3);
    const first = follow(...NEVER_QUIET, log.path);
    await arrived(allLines());
    expect(await first.end('SIGTERM')).toBe(0);
    log.write(3);
    log.rename();
    log.write(3);
    const second = follow(...NEVER_QUIET, log.path);
    await arrived(allLines());
    expect(await second.end('SIGTERM')).toBe(0);
  });

  it('goes on in the copy of a file that was truncated while nobody followed it', async () => {
    log.write(3);
    const first = follow(...NEVER_QUIET, log.path);
    await arrived(allLines());
    expect(await first.end('SIGTERM')).toBe(0);
    log.write(3);
    log.copyAndTruncate();
    log.write(9);
    const second = follow(...NEVER_QUIET, log.path);
    await arrived(allLines());
    expect(await second.end('SIGTERM')).toBe(0);
  });

  it('says what it cannot find any more', async () => {
    log.write(3);
    const first = follow(...NEVER_QUIET, log.path);
    await arrived(allLines());
    expect(await first.end('SIGTERM')).toBe(0);
    log.remove();
    const second = follow(...NEVER_QUIET, log.path);
    await second.says(
      'stderr',
      /app\.log: what it had behind byte 300, if anything, is not there any more/,
    );
    expect(await second.end('SIGTERM')).toBe(0);
  });

  it('begins at the ends of files with --from-end, and at the start of later ones', async () => {
    log.write(3);
    const process = follow(...NEVER_QUIET, '--from-end', log.path, join(log.folder, '*.txt'));
    await eventually(() => expect(statesOf()).toMatchObject([{ offset: 300 }]));
    appendFileSync(log.path, 'new\n');
    writeFileSync(join(log.folder, 'other.txt'), 'other\n');
    await arrived(['new', 'other']);
    expect(await process.end('SIGTERM')).toBe(0);
  });
});

describe('a last line without its end', () => {
  it('is not sent while its writer is not done', async () => {
    writeFileSync(log.path, 'one\nhal');
    const process = follow(...NEVER_QUIET, log.path);
    await arrived(['one']);
    appendFileSync(log.path, 'f a line\n');
    await arrived(['one', 'half a line']);
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it('waits for the next run, which reads it from its beginning', async () => {
    writeFileSync(log.path, 'one\nhal');
    const first = follow(...NEVER_QUIET, log.path);
    await arrived(['one']);
    expect(await first.end('SIGTERM')).toBe(0);
    appendFileSync(log.path, 'f a line\n');
    const second = follow(...NEVER_QUIET, log.path);
    await arrived(['one', 'half a line']);
    expect(await second.end('SIGTERM')).toBe(0);
  });

  it('is sent once its file has been quiet', async () => {
    writeFileSync(log.path, 'one\nlast');
    const process = follow(...QUIET, log.path);
    await arrived(['one', 'last']);
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it.each([
    ['removed', () => log.remove()],
    ['renamed', () => log.rename()],
    ['truncated', () => writeFileSync(log.path, '')],
  ])('is sent when its file is %s, and no state is kept of it', async (_how, rotate) => {
    writeFileSync(log.path, 'one\nlast');
    const process = follow(...(_how === 'truncated' ? NEVER_QUIET : QUIET), log.path);
    await arrived(_how === 'truncated' ? ['one'] : ['one', 'last']);
    rotate();
    await arrived(['one', 'last']);
    await eventually(() => expect(statesOf().filter(({ offset }) => offset > 0)).toEqual([]));
    expect(await process.end('SIGTERM')).toBe(0);
  });
});

describe('the state of files', () => {
  it('is kept while they are followed, and no longer', async () => {
    log.write(3);
    const other = join(log.folder, 'other.txt');
    writeFileSync(other, 'other\n');
    const first = follow(...NEVER_QUIET, log.path, other);
    await arrived([...allLines(), 'other']);
    expect(await first.end('SIGTERM')).toBe(0);
    expect(statesOf().map(({ path }) => path)).toEqual([log.path, other]);
    const second = follow(...NEVER_QUIET, log.path);
    await eventually(() => expect(statesOf().map(({ path }) => path)).toEqual([log.path]));
    expect(await second.end('SIGTERM')).toBe(0);
  });

  it('belongs to the file, not to its name', async () => {
    log.write(3);
    const first = follow(...NEVER_QUIET, `${log.path}*`);
    await arrived(allLines());
    expect(await first.end('SIGTERM')).toBe(0);
    renameSync(log.path, `${log.path}.old`);
    log.write(3);
    renameSync(log.path, `${log.path}.new`);
    renameSync(`${log.path}.old`, log.path);
    const second = follow(...NEVER_QUIET, `${log.path}*`);
    await arrived(allLines());
    expect(await second.end('SIGTERM')).toBe(0);
  });

  it.each(['no JSON', '{"version":2,"files":[]}', '{"version":1,"files":[{}]}'])(
    'is not overwritten when it is none: %s',
    async (text) => {
      writeFileSync(state, text);
      log.write(1);
      const process = follow(log.path);
      expect(await process.end()).toBe(3);
      expect(process.stderr).toContain('is no state file of ringest');
      expect(readFileSync(state, 'utf8')).toBe(text);
    },
  );
});
