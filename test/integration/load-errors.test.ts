import { describe, expect, it, onTestFinished } from 'vitest';
import { loadFailure } from '../support/load-here.js';
import { LOAD, NodeProcess, startIndexer } from '../support/node-process.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';

/** Nobody listens there: the port is privileged. */
const CLOSED = '127.0.0.1:1';

async function fail(...flags: string[]) {
  const run = new NodeProcess(LOAD, [...flags, '--json']);
  expect(await run.end()).toBe(1);
  expect(run.stdout).toBe('');
  // A message for people, not a stack.
  expect(run.stderr).not.toMatch(/^ +at /m);
  return run.stderr;
}

describe('the load generator', () => {
  it.each([
    ['an unknown flag', ['--nonsense'], /unknown option '--nonsense'/],
    ['no entries', ['--entry-count', '0'], /--entry-count.*from 1 to/],
    ['entries of nothing', ['--entry-size', '0'], /--entry-size.*from 1 to/],
    ['entries too small for their number', ['--entry-size', '7'], /--entry-size must be 8 or more/],
    [
      'a digest that others do not know',
      ['--digest', 'fast'],
      /--digest fast is known to the embedded indexer only: give --digest sha256/,
    ],
    ['batches that are too large', ['--batch', '1025'], /--batch.*from 0 to 1024/],
    ['a duration without a unit', ['--duration', '5'], /--duration.*such as 50ms/],
    ['a ring that is no power of two', ['--ring-bytes', '100000'], /ringBytes.*power of two/],
    ['a tag that is none', ['--tag-name', 'a b'], /tags\.0.*"a b"/],
    ['an address without a port number', ['--clear-conns', 'host:port'], /host:port/],
    ['an address with a scheme', ['--clear-conns', 'tcp://127.0.0.1:1'], /tcp:\/\/127\.0\.0\.1:1/],
    ['an address that is empty', ['--clear-conns', `${CLOSED},`], /targets\.1/],
  ])('refuses %s with a clear error', async (_name, flags, message) => {
    expect(await loadFailure('--clear-conns', CLOSED, ...flags)).toMatch(message);
  });

  it.each([
    ['of the command', ['--nonsense'], /^error: unknown option '--nonsense'\n/],
    ['of the muxer', ['--tag-name', 'a b'], /^load: .*tags\.0.*"a b"/],
  ])('tells a refusal %s in a line, with status 1', async (_whose, flags, message) => {
    expect(await fail(...flags)).toMatch(message);
  });

  it('lists its flags when asked to', async () => {
    const run = new NodeProcess(LOAD, ['--help']);
    expect(await run.end()).toBe(0);
    for (const flag of ['--clear-conns', '--ingest-secret', '--entry-count', '--ring-bytes']) {
      expect(run.stdout).toContain(flag);
    }
  });

  it('tries a refused connection again, saying why, until its time is over', async () => {
    const stderr = await fail('--clear-conns', CLOSED, '--timeout', '3s');
    expect(stderr).toMatch(/^load: tcp:.*ECONNREFUSED.*; next attempt in [\d.]+ s$/m);
    expect(stderr).toMatch(/^load: .*timed out after 3000 ms.*ECONNREFUSED/m);
  });

  it('goes on when the connection is accepted after all', async () => {
    const first = await ScriptedIndexer.listen();
    const { port } = first;
    await first.close();
    const run = new NodeProcess(LOAD, [
      ...['--clear-conns', `127.0.0.1:${port}`, '--entry-count', '100', '--json'],
    ]);
    await run.says('stderr', /ECONNREFUSED/);
    await ScriptedIndexer.listen({ port, confirms: 'at once' });
    expect(await run.end()).toBe(0);
    expect(run.lastJson()).toMatchObject({ entries: 100 });
  });

  it('gives up at once when the secret is refused, and shows neither', async () => {
    const { indexer, address } = await startIndexer('--listen', '127.0.0.1:0');
    const flags = ['--clear-conns', address, '--ingest-secret', 'Sup3rSecretWord'];
    const stderr = await fail(...flags, '--timeout', '10m');
    // Once, and it is not tried again.
    expect(stderr).toMatch(/^load: tcp:.*refused the ingest secret.*\n$/);
    expect(stderr).not.toContain('next attempt');
    expect(stderr).not.toContain('Sup3rSecretWord');
    await indexer.end('SIGTERM');
    expect(indexer.lastJson()).toMatchObject({ connections: 0, entries: 0 });
    expect(indexer.stderr).not.toMatch(/Sup3rSecretWord|IngestSecrets/);
  });

  it('that is interrupted before it has connected says so', async () => {
    const run = new NodeProcess(LOAD, ['--clear-conns', CLOSED, '--timeout', '60s']);
    await run.says('stderr', /ECONNREFUSED/);
    expect(await run.end('SIGINT')).toBe(1);
    expect(run.stderr).toMatch(/^load: interrupted$/m);
  });

  it('that is interrupted on a slow indexer ends with what it has written', async () => {
    const indexer = await ScriptedIndexer.listen();
    const flags = ['--clear-conns', `127.0.0.1:${indexer.port}`, '--ring-bytes', '65536'];
    const run = new NodeProcess(LOAD, [...flags, '--json']);
    const connection = await indexer.hot(0);
    // Some 200 entries fit the ring.
    const confirm = () => connection.confirmThrough(connection.frames.length);
    const timer = setInterval(confirm, 100);
    onTestFinished(() => clearInterval(timer));
    await connection.entries(1000);
    expect(await run.end('SIGINT')).toBe(0);
    expect(run.lastJson()).toMatchObject({ entries: connection.frames.length });
  });
});
