import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Indexer } from '@ringest/indexer';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { indexerRefusal } from '../support/indexer-refusal.js';
import { loadFailure, loadHere } from '../support/load-here.js';
import { INDEXER, LOAD, NodeProcess, support } from '../support/node-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventually } from '../support/waiting.js';

const SECRET = 'Sup3rSecretWord';
const HAS_PROC = existsSync('/proc/self/cmdline');

function secretFile(text: string): string {
  const path = join(temporaryDirectory(), 'secret');
  writeFileSync(path, text);
  return path;
}

/** A running `ringest-indexer`, and the address that it listens on. */
async function startIndexer(...flags: string[]) {
  const indexer = new NodeProcess(INDEXER, ['--listen', '127.0.0.1:0', ...flags]);
  const [, address = ''] = await indexer.says('stdout', /^listening on tcp:\/\/(\S+)\n/m);
  return { indexer, address };
}

/** Whether the indexer lets a load with these flags in; it must say why when it does not. */
async function isLetIn(address: string, ...flags: string[]): Promise<boolean> {
  const load = ['--clear-conns', address, '--entry-count', '10', '--timeout', '10m', ...flags];
  try {
    await loadHere(...load);
    return true;
  } catch (error) {
    expect(`${error}`).toMatch(/refused the ingest secret/);
    return false;
  }
}

beforeEach(() => {
  vi.stubEnv('GRAVWELL_INGEST_SECRET', undefined);
  vi.stubEnv('GRAVWELL_INGEST_SECRET_FILE', undefined);
  return () => vi.unstubAllEnvs();
});

describe('the secret of a load', () => {
  it('comes from a flag, a file or the environment, in this order', async () => {
    const { address } = await startIndexer('--ingest-secret', SECRET);
    const right = secretFile(`${SECRET}\n`);
    const wrong = secretFile('another');
    expect(await isLetIn(address, '--ingest-secret-file', right)).toBe(true);
    vi.stubEnv('GRAVWELL_INGEST_SECRET_FILE', right);
    expect(await isLetIn(address)).toBe(true);
    vi.stubEnv('GRAVWELL_INGEST_SECRET_FILE', wrong);
    vi.stubEnv('GRAVWELL_INGEST_SECRET', SECRET);
    expect(await isLetIn(address)).toBe(true);
    vi.stubEnv('GRAVWELL_INGEST_SECRET', 'another');
    expect(await isLetIn(address, '--ingest-secret-file', right)).toBe(true);
    expect(await isLetIn(address, '--ingest-secret', SECRET)).toBe(true);
    expect(await isLetIn(address)).toBe(false);
  }, 60_000);

  it('is IngestSecrets when none is given', async () => {
    const { address } = await startIndexer('--ingest-secret', 'IngestSecrets');
    expect(await isLetIn(address)).toBe(true);
  });

  it('is read from an odd file as the indexer reads it', async () => {
    const flags = ['--ingest-secret-file', secretFile('foo\n\n')];
    const { address } = await startIndexer(...flags);
    expect(await isLetIn(address, ...flags)).toBe(true);
    expect(await isLetIn(address, '--ingest-secret', 'foo')).toBe(true);
  });

  it('is taken from an odd variable as the indexer takes it', async () => {
    vi.stubEnv('GRAVWELL_INGEST_SECRET', 'foo\r\n');
    const { address } = await startIndexer();
    expect(await isLetIn(address)).toBe(true);
    expect(await isLetIn(address, '--ingest-secret', 'foo')).toBe(false);
  });
});

describe.each([
  ['load', LOAD, loadFailure],
  ['ringest-indexer', INDEXER, indexerRefusal],
] as const)('%s', (_name, program, refusal) => {
  it.each([
    [
      'two secrets',
      ['--ingest-secret', 'a', '--ingest-secret-file', '/dev/null'],
      "option '--ingest-secret <secret>' cannot be used with option '--ingest-secret-file <path>'",
    ],
    [
      'a secret that is not there',
      ['--ingest-secret-file', '/nowhere/secret'],
      '--ingest-secret-file: the file /nowhere/secret cannot be read (ENOENT)',
    ],
    [
      'an empty file',
      ['--ingest-secret-file', '/dev/null'],
      '--ingest-secret-file: the file /dev/null is empty',
    ],
    ['an empty secret', ['--ingest-secret', ''], '--ingest-secret: the secret is empty'],
  ])('refuses %s', async (_what, flags, message) => {
    expect(await refusal(...flags)).toContain(message);
  });

  it.skipIf(!HAS_PROC)('has hidden its arguments before it loads any module', async () => {
    const log = join(temporaryDirectory(), 'log');
    vi.stubEnv('WATCHED_SECRET', SECRET);
    vi.stubEnv('WATCHED_LOG', log);
    const watch = ['--import', support('argument-watch.mjs').href];
    // It ends by itself, after everything is loaded.
    const run = new NodeProcess(program, ['--ingest-secret', SECRET, '--nonsense'], watch);
    expect(await run.end()).toBe(1);
    expect(run.stderr).toContain('--nonsense');
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    expect(lines.filter((line) => line.startsWith('shown '))).toEqual([`shown ${program.href}`]);
    expect(lines.filter((line) => line.startsWith('hidden ')).length).toBeGreaterThan(5);
  });
});

describe('a load that runs', () => {
  it.skipIf(!HAS_PROC)('shows its secret in no list of processes', async () => {
    await using indexer = new Indexer({ listen: '127.0.0.1:0', secret: SECRET });
    const address = (await indexer.listen()).replace('tcp://', '');
    const flags = ['--clear-conns', address, '--ingest-secret', SECRET, '--duration', '60s'];
    const run = new NodeProcess(LOAD, flags);
    await eventually(() => expect(indexer.stats().entries).toBeGreaterThan(0));
    const shown = readFileSync(`/proc/${run.pid}/cmdline`, 'latin1').replace(/\0+$/, '');
    expect(shown).toBe('ringest load');
    expect(await run.end('SIGINT')).toBe(0);
  });

  it.skipIf(!HAS_PROC)('hands no secret to the process of its indexer', async () => {
    vi.stubEnv('GRAVWELL_INGEST_SECRET', SECRET);
    vi.stubEnv('GRAVWELL_INGEST_SECRET_FILE', secretFile(SECRET));
    const run = new NodeProcess(LOAD, ['--duration', '60s']);
    const child = await eventually(() => {
      const children = readFileSync(`/proc/${run.pid}/task/${run.pid}/children`, 'latin1');
      const pid = children.trim();
      // Until then it has the environment of its parent.
      expect(readFileSync(`/proc/${pid}/cmdline`, 'latin1')).toContain('indexer-process.js');
      return pid;
    });
    const environment = readFileSync(`/proc/${child}/environ`, 'latin1');
    expect(environment).toMatch(/(?:^|\0)PATH=/);
    expect(environment).not.toContain('GRAVWELL_INGEST_SECRET');
    await run.end('SIGINT');
  });
});
