import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { indexerOptions, parseCliOptions } from '@ringest/indexer/internal';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { indexerRefusal } from '../support/indexer-refusal.js';
import { IngesterClient } from '../support/ingester-client.js';
import { INDEXER, NodeProcess } from '../support/node-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** The process that runs the indexer. */
class Cli extends NodeProcess {
  constructor(...args: string[]) {
    super(INDEXER, ['--listen', '127.0.0.1:0', ...args]);
  }

  /** Tries whether this is the secret of the indexer. */
  async takes(secret: string): Promise<boolean> {
    const [, address = ''] = await this.says('stdout', /^listening on (\S+)\n/m);
    const client = await IngesterClient.connect(address);
    onTestFinished(() => client.destroy());
    await client.authenticate(secret);
    return (await client.expect('state')).info === '';
  }
}

/** What the flags, or the environment, give the indexer for its secret. */
function secretOf(...flags: string[]): string {
  const options = parseCliOptions(['node', 'ringest-indexer', ...flags]);
  return indexerOptions(options, process.env).secret;
}

function secretFile(text: string): string {
  const path = join(temporaryDirectory(), 'secret');
  writeFileSync(path, text);
  return path;
}

beforeEach(() => {
  vi.stubEnv('GRAVWELL_INGEST_SECRET', undefined);
  vi.stubEnv('GRAVWELL_INGEST_SECRET_FILE', undefined);
  return () => vi.unstubAllEnvs();
});

describe('the secret of ringest-indexer', () => {
  it.each([
    ['in-a-file\n', 'in-a-file'],
    ['in-a-file\r\n', 'in-a-file'],
    ['in a file', 'in a file'],
    [' two newlines\n\n', ' two newlines'],
    ['a newline\nwithin\r\n\r', 'a newline\nwithin'],
  ])('is what a file has, %j, but for line ends at its end', (text, secret) => {
    expect(secretOf('--ingest-secret-file', secretFile(text))).toBe(secret);
  });

  it('is taken from the first place that has one', async () => {
    vi.stubEnv('GRAVWELL_INGEST_SECRET_FILE', secretFile('fourth'));
    expect(secretOf()).toBe('fourth');
    vi.stubEnv('GRAVWELL_INGEST_SECRET', 'third');
    expect(secretOf()).toBe('third');
    expect(secretOf('--ingest-secret-file', secretFile('second'))).toBe('second');
    expect(secretOf('--ingest-secret', 'first')).toBe('first');
    // The indexer that runs has the same one.
    expect(await new Cli('--ingest-secret-file', secretFile('second')).takes('second')).toBe(true);
  });

  it('is what a flag or a variable has, with all line ends', async () => {
    expect(secretOf('--ingest-secret', 'odd\n\n')).toBe('odd\n\n');
    vi.stubEnv('GRAVWELL_INGEST_SECRET', 'odd\r\n');
    expect(await new Cli().takes('odd\r\n')).toBe(true);
  });

  it('is not an empty variable', () => {
    vi.stubEnv('GRAVWELL_INGEST_SECRET', '');
    vi.stubEnv('GRAVWELL_INGEST_SECRET_FILE', secretFile('file'));
    expect(secretOf()).toBe('file');
  });

  it.each([
    ['there is none', () => [], 'there is no ingest secret'],
    [
      'its file is not there',
      () => ['--ingest-secret-file', '/none'],
      '/none cannot be read (ENOENT)',
    ],
    ['its file is empty', () => ['--ingest-secret-file', secretFile('\n')], 'is empty'],
    ['it is empty', () => ['--ingest-secret', ''], 'is empty'],
    [
      'there are two',
      () => ['--ingest-secret', 'a', '--ingest-secret-file', secretFile('b')],
      "'--ingest-secret <secret>' cannot be used with option '--ingest-secret-file",
    ],
  ])('is told about when %s', async (_what, args, message) => {
    expect(await indexerRefusal(...args())).toContain(message);
  });

  it('is not shown by ps, nor in the list of arguments that the system keeps', async () => {
    const secret = 'only-for-those-who-know';
    const args = [
      '--listen',
      '127.0.0.1:0',
      '--ingest-secret',
      secret,
      '--refuse-tag',
      'x'.repeat(999),
    ];
    const child = spawn(process.execPath, [fileURLToPath(INDEXER), ...args]);
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    const [announced] = await once(child.stdout, 'data');
    expect(String(announced)).toContain('listening on');
    const shown = execFileSync('ps', ['-wwo', 'args=', '-p', `${child.pid}`]).toString();
    expect(shown.trimEnd()).toBe('ringest-indexer');
    if (process.platform !== 'linux') return;
    const kept = readFileSync(`/proc/${child.pid}/cmdline`, 'latin1');
    expect(kept.replace(/\0+$/, '')).toBe('ringest-indexer');
  });
});
