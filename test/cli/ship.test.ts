import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeEntry } from '@ringest/codec';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CollectingIndexer } from '../support/collecting-indexer.js';
import { SECRET } from '../support/muxer.js';
import { NodeProcess, RINGEST, support } from '../support/node-process.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';
import { connectSender } from '../support/sender.js';
import { ship, shipFlags, shipPipe, textsOf } from '../support/shipping.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
const linesOf = (texts: readonly string[]) => texts.map((text) => `${text}\n`).join('');

describe('ringest ship', () => {
  it('ships standard input, and ends with 0 when all of it is confirmed', async () => {
    const indexer = await CollectingIndexer.start();
    const process = shipPipe(indexer.address, '--json');
    const lines = numbers(1, 20_000);
    process.stdin.end(linesOf(lines));
    expect(await process.end()).toBe(0);
    expect(textsOf(indexer)).toEqual(lines);
    expect(process.lastJson()).toMatchObject({
      event: 'end',
      entries: 20_000,
      confirmed: 20_000,
      refused: 0,
      unconfirmed: 0,
      problems: 0,
    });
  });

  it.each([
    ['stdout', ['--json']],
    ['stderr', ['--tag-rule', 'one=a b c']],
  ] as const)(
    'ships on, and keeps its exit status, when nobody reads its %s',
    async (output, flags) => {
      const indexer = await CollectingIndexer.start();
      const process = shipPipe(indexer.address, ...flags);
      process.stopReading(output);
      process.stdin.write('one\n');
      await indexer.entries(1);
      process.stdin.end('two\n');
      expect(await process.end()).toBe(0);
      expect(textsOf(indexer)).toEqual(['one', 'two']);
      expect(process.stderr).toBe('');
    },
  );

  it('ships a file that is its standard input, with a last line without its end', async () => {
    const indexer = await CollectingIndexer.start();
    const path = join(temporaryDirectory(), 'input');
    writeFileSync(path, 'one\r\ntwo\n\nthree');
    const file = openSync(path, 'r');
    onTestFinished(() => closeSync(file));
    const process = new NodeProcess(RINGEST, shipFlags(indexer.address), [], file);
    expect(await process.end()).toBe(0);
    expect(textsOf(indexer)).toEqual(['one', 'two', 'three']);
    expect(process.stderr).toMatch(/^ringest: 3 entries of .* all confirmed\n$/);
  });

  it('ships files and patterns of files in their order, each file once', async () => {
    const indexer = await CollectingIndexer.start();
    const folder = temporaryDirectory();
    for (const name of ['b.log', 'a.log', 'c.txt']) writeFileSync(join(folder, name), `${name}\n`);
    const inputs = [join(folder, 'c.txt'), join(folder, '*.log'), join(folder, 'a.log')];
    expect(await ship(indexer.address, ...inputs).end()).toBe(0);
    expect(textsOf(indexer)).toEqual(['c.txt', 'a.log', 'b.log']);
  });

  it('gives entries the source, the attached values and the ends that it is given', async () => {
    const indexer = await CollectingIndexer.start();
    const path = join(temporaryDirectory(), 'input');
    writeFileSync(path, 'one\0two');
    const flags = ['--source', '10.1.2.3', '--attach', 'host=web', '--delimiter', '\\0'];
    expect(await ship(indexer.address, ...flags, path).end()).toBe(0);
    const [first] = indexer.received.map(({ bytes }) => decodeEntry(bytes));
    expect(String(first?.source)).toBe('10.1.2.3');
    expect(first?.enumeratedValues.map(({ name, value }) => [name, value])).toEqual([
      ['host', 'web'],
    ]);
    expect(textsOf(indexer)).toEqual(['one', 'two']);
  });

  it('takes targets and the secret from a configuration file, and reads it again on SIGHUP', async () => {
    const [before, after] = [await CollectingIndexer.start(), await CollectingIndexer.start()];
    const config = join(temporaryDirectory(), 'ship.conf');
    const write = ({ address }: CollectingIndexer) =>
      writeFileSync(
        config,
        `[Global]\nIngest-Secret=${SECRET}\nIngester-UUID=1a2b3c4d-0000-4000-8000-000000000001\n` +
          `Disable-Self-Ingest=true\nCleartext-Backend-Target=${address.replace('tcp://', '')}\n`,
      );
    write(before);
    const process = new NodeProcess(RINGEST, ['ship', '--config', config], [], 'pipe');
    process.stdin.write('one\n');
    await before.entries(1);
    write(after);
    process.kill('SIGHUP');
    await process.says('stderr', /read again/);
    process.stdin.end('two\n');
    expect(await process.end()).toBe(0);
    expect([textsOf(before), textsOf(after)]).toEqual([['one'], ['two']]);
  });

  it('goes on with its configuration when the new one cannot be used', async () => {
    const indexer = await CollectingIndexer.start();
    const config = join(temporaryDirectory(), 'ship.conf');
    const global = `[Global]\nIngest-Secret=${SECRET}\nDisable-Self-Ingest=true\n`;
    const target = `Cleartext-Backend-Target=${indexer.address.replace('tcp://', '')}\n`;
    writeFileSync(config, global + target);
    const process = new NodeProcess(RINGEST, ['ship', '--config', config], [], 'pipe');
    process.stdin.write('one\n');
    await indexer.entries(1);
    writeFileSync(config, `${global}No-Such-Key=1\n`);
    process.kill('SIGHUP');
    await process.says('stderr', /stays as it was: .*No-Such-Key/);
    process.stdin.end('two\n');
    expect(await process.end()).toBe(0);
    expect(textsOf(indexer)).toEqual(['one', 'two']);
  });
});

describe('a signal', () => {
  it('ends reading; what was read is confirmed, and the status says that there may be more', async () => {
    const indexer = await CollectingIndexer.start();
    const process = shipPipe(indexer.address);
    process.stdin.write('one\ntw');
    await indexer.entries(1);
    expect(await process.end('SIGTERM')).toBe(1);
    // Standard input cannot be read again, so that half a line is better than none.
    expect(textsOf(indexer)).toEqual(['one', 'tw']);
    expect(process.stderr).toContain('standard input was not read to its end');
  });

  it('leaves nothing behind of a pipe that was read ahead', async () => {
    const reader = new NodeProcess(support('slow-reader.mjs'), [], [], 'pipe');
    reader.stdin.write('one\n');
    await reader.says('stderr', /writing/);
    reader.stdin.write('two\nthr');
    expect(await reader.end()).toBe(0);
    expect(reader.lastJson()).toEqual({ written: 'one\ntwo\nthr', isWhole: false });
  });

  it('ends connections; half a line that has come by one is shipped, for nobody can send the rest', async () => {
    const indexer = await CollectingIndexer.start();
    const process = ship(indexer.address, '--listen-lines', '0');
    const [, port] = await process.says('stderr', /lines on tcp:\/\/127\.0\.0\.1:(\d+)/);
    const sender = connectSender(Number(port));
    sender.write('one\ntw');
    await indexer.entries(1);
    expect(await process.end('SIGTERM')).toBe(0);
    expect(textsOf(indexer)).toEqual(['one', 'tw']);
  });

  it('waits for confirmations no longer than --grace', async () => {
    const indexer = await ScriptedIndexer.listen();
    const process = shipPipe(indexer.address, '--grace', '50ms', '--json');
    process.stdin.write('one\ntwo\n');
    const connection = await indexer.connection(0);
    await connection.until('two entries', () => connection.frames.length === 2);
    expect(await process.end('SIGINT')).toBe(1);
    expect(process.lastJson()).toMatchObject({ unconfirmed: 2, cached: 0 });
  });

  it('leaves at once when it comes a second time, and says what is left', async () => {
    const indexer = await ScriptedIndexer.listen();
    const process = shipPipe(indexer.address, '--grace', '1h');
    process.stdin.end('one\ntwo\n');
    const connection = await indexer.connection(0);
    await connection.until('two entries', () => connection.frames.length === 2);
    process.kill('SIGTERM');
    process.kill('SIGHUP');
    await process.says('stderr', /read again/);
    expect(await process.end('SIGTERM')).toBe(143);
    expect(process.stderr).toContain('2 entries are not confirmed');
  });

  it('ends it before there is an indexer', async () => {
    const indexer = await ScriptedIndexer.listen({ greets: false });
    const process = shipPipe(indexer.address);
    await indexer.connection(0);
    expect(await process.end('SIGTERM')).toBe(1);
    expect(process.stderr).toContain('SIGTERM came before it was connected');
  });
});

describe('what cannot be done', () => {
  it.each([
    ['an unknown command', ['shp'], 2, /unknown command 'shp'\n\(Did you mean ship\?\)/],
    ['an unknown flag', ['ship', '--tga', 'x'], 2, /unknown option '--tga'\n\(Did you mean --tag/],
    ['no indexer', ['ship'], 2, /there is no indexer to ship to: give --clear-conns/],
    ['no secret', ['ship', '--clear-conns', '127.0.0.1:1'], 2, /there is no ingest secret/],
    ['a tag that is none', shipFlags('127.0.0.1:1', '--tag', 'a b'), 2, /tags\.0/],
    [
      'a source that is none',
      shipFlags('127.0.0.1:1', '--source', 'here'),
      2,
      /must be an IP address/,
    ],
    [
      'a delimiter that is none',
      shipFlags('127.0.0.1:1', '--delimiter', '\\q'),
      2,
      /stands for no/,
    ],
    [
      'a flag without its use',
      shipFlags('127.0.0.1:1', '--from-end'),
      2,
      /--from-end is about files/,
    ],
    [
      'a cache without a place',
      shipFlags('127.0.0.1:1', '--cache-mode', 'fail'),
      2,
      /--cache-path/,
    ],
    ['a file that is missing', shipFlags('127.0.0.1:1', '/no/such'), 3, /\/no\/such: there is no/],
    [
      'a state file that has no folder',
      shipFlags('127.0.0.1:1', '--follow', '--state-file', '/no/such/state', 'x.log'),
      3,
      /\/no\/such\/state: its folder cannot be written to/,
    ],
    ['a folder', shipFlags('127.0.0.1:1', '/tmp'), 3, /is a folder: give its files/],
    ['a pattern without files', shipFlags('127.0.0.1:1', '/no/*.log'), 3, /no file matches/],
    ['a configuration that is missing', ['ship', '--config', '/no/such'], 2, /cannot be read/],
  ])('is said: %s', async (_what, args, status, message) => {
    const process = new NodeProcess(RINGEST, args);
    expect(await process.end()).toBe(status);
    expect(process.stderr).toMatch(message);
    expect(process.stdout).toBe('');
  });

  it('is said: a secret that the indexer does not have', async () => {
    const indexer = await ScriptedIndexer.listen({ secret: 'another' });
    const process = ship(indexer.address, '--timeout', '2s');
    expect(await process.end()).toBe(3);
    expect(process.stderr).toContain('refused the ingest secret');
  });

  it('ends after --timeout without confirmations', async () => {
    const indexer = await ScriptedIndexer.listen();
    const process = shipPipe(indexer.address, '--timeout', '2s');
    process.stdin.end('one\n');
    expect(await process.end()).toBe(1);
    expect(process.stderr).toContain('nothing was confirmed for 2000 ms');
  });
});
