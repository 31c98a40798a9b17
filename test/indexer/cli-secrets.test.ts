import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
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
  ])('is what a file has, %j, but for line ends at its end', async (text, secret) => {
    expect(await new Cli('--ingest-secret-file', secretFile(text)).takes(secret)).toBe(true);
  });

  it('is taken from the first place that has one', async () => {
    vi.stubEnv('GRAVWELL_INGEST_SECRET_FILE', secretFile('fourth'));
    expect(await new Cli().takes('fourth')).toBe(true);
    vi.stubEnv('GRAVWELL_INGEST_SECRET', 'third');
    expect(await new Cli().takes('third')).toBe(true);
    expect(await new Cli('--ingest-secret-file', secretFile('second')).takes('second')).toBe(true);
    expect(await new Cli('--ingest-secret', 'first').takes('first')).toBe(true);
  });

  it('is what a flag or a variable has, with all line ends', async () => {
    expect(await new Cli('--ingest-secret', 'odd\n\n').takes('odd\n\n')).toBe(true);
    vi.stubEnv('GRAVWELL_INGEST_SECRET', 'odd\r\n');
    expect(await new Cli().takes('odd\r\n')).toBe(true);
  });

  it('is not an empty variable', async () => {
    vi.stubEnv('GRAVWELL_INGEST_SECRET', '');
    vi.stubEnv('GRAVWELL_INGEST_SECRET_FILE', secretFile('file'));
    expect(await new Cli().takes('file')).toBe(true);
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
    const cli = new Cli(...args());
    expect(await cli.end()).toBe(1);
    expect(cli.stderr).toContain(message);
    expect(cli.stderr).not.toContain('    at ');
    expect(cli.stdout).toBe('');
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
