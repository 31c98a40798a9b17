import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { encodeIngestOk, encodeTag } from '@ringest/codec';
import { Indexer } from '@ringest/indexer';
import { indexerOptions, parseCliOptions } from '@ringest/indexer/internal';
import { afterEach, describe, expect, it } from 'vitest';
import { indexerRefusal } from '../support/indexer-refusal.js';
import { encodeFrame, IngesterClient } from '../support/ingester-client.js';

const CLI = fileURLToPath(new URL('../../packages/indexer/dist/cli/cli.js', import.meta.url));
const SECRET = 'IngestSecrets';
const processes: ChildProcess[] = [];

afterEach(() => {
  for (const child of processes.splice(0)) child.kill('SIGKILL');
});

/** A running `ringest-indexer`. */
class Cli {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    processes.push(this.child);
    this.child.stdout?.on('data', (text) => {
      this.stdout += text;
    });
    this.child.stderr?.on('data', (text) => {
      this.stderr += text;
    });
  }

  /** The address that it announces on one of its outputs. */
  async address(output: 'stdout' | 'stderr'): Promise<string> {
    for (;;) {
      const match = /^listening on (\S+)\n/m.exec(this[output]);
      if (match?.[1] !== undefined) return match[1];
      await once(this.child[output] as NodeJS.ReadableStream, 'data');
    }
  }

  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal !== undefined) this.child.kill(signal);
    const [code] = await once(this.child, 'close');
    return code;
  }
}

async function ingest(address: string, count: number): Promise<void> {
  const { client, tags } = await IngesterClient.hot(address, SECRET, ['test']);
  const tag = tags.get('test') as number;
  for (let id = 1; id <= count; id++) {
    client.write(encodeFrame(id, { timestamp: id, tag, data: 'data', source: '10.0.0.1' }));
  }
  client.socket.end();
  expect(await client.confirmedUntilEnd()).toHaveLength(count);
}

const LISTEN = ['--listen', '127.0.0.1:0'];
const SECRET_FLAG = ['--ingest-secret', SECRET];

/** Flags, each with a value that it cannot have and what is said about it. */
const BEHAVIOUR_FLAGS = [
  ['--ack-delay', '50', 'such as 50ms'],
  ['--read-rate', '5 bytes', 'such as 65536, 500KB or 1MB'],
  ['--throttle', '9s', 'from 0 to 5000'],
  ['--not-ready-for', 'soon', 'such as 50ms'],
  ['--fail-after', '0', 'a whole number from 1'],
  ['--refuse-tag', 'not a tag', 'not a tag'],
  ['--api-version', '10', 'from 0 to 9'],
] as const;

describe('ringest-indexer', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends on %s with a summary for people',
    async (signal) => {
      const cli = new Cli(...LISTEN, ...SECRET_FLAG);
      await ingest(await cli.address('stdout'), 3);
      expect(await cli.end(signal)).toBe(0);
      expect(cli.stdout).toContain('3 entries with 12 bytes of data, 1 connections\n  test: 3\n');
      expect(cli.stdout).not.toContain('digest');
    },
  );

  it('has nothing but one JSON object on standard output with --json', async () => {
    const cli = new Cli(...LISTEN, ...SECRET_FLAG, '--json', '--digest');
    await ingest(await cli.address('stderr'), 2);
    expect(await cli.end('SIGTERM')).toBe(0);
    expect(JSON.parse(cli.stdout)).toEqual({
      connections: 1,
      entries: 2,
      bytes: 8,
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      tags: { test: 2 },
      tenants: {},
    });
  });

  it('has a null digest in the object when none is asked for', async () => {
    const cli = new Cli(...LISTEN, ...SECRET_FLAG, '--json');
    await cli.address('stderr');
    expect(await cli.end('SIGTERM')).toBe(0);
    expect(JSON.parse(cli.stdout)).toMatchObject({ entries: 0, digest: null, tags: {} });
  });

  it('is slow, strict, old and unreliable when it is told to be', async () => {
    const cli = new Cli(
      ...[...LISTEN, ...SECRET_FLAG, '--json', '--ack-delay', '5ms', '--read-rate', '1.5MB'],
      ...['--throttle', '20ms', '--not-ready-for', '1h', '--fail-after', '3'],
      ...['--refuse-tag', 'bad', '--refuse-tag', 'worse', '--api-version', '5'],
    );
    const address = await cli.address('stderr');
    const challenged = await IngesterClient.connect(address);
    expect(await challenged.expect('challenge')).toMatchObject({ version: 5 });
    challenged.destroy();
    const { client, tags } = await IngesterClient.hot(address, SECRET, ['test']);
    const tag = tags.get('test') as number;
    const frame = (id: number) => encodeFrame(id, { timestamp: id, tag, data: 'data' });
    client.write(Buffer.concat([encodeIngestOk(), encodeTag('bad'), encodeTag('worse')]));
    expect(await client.expect('confirmIngestOk')).toMatchObject({ ok: false });
    await client.expect('errorTag');
    await client.expect('errorTag');
    client.write(Buffer.concat([frame(1), frame(2)]));
    const kinds = new Set<string | undefined>();
    while (!kinds.has('confirmEntry') || !kinds.has('throttle')) {
      kinds.add((await client.next())?.kind);
    }
    client.write(frame(3));
    expect(await client.confirmedUntilEnd()).toEqual([]);
    expect(await cli.end('SIGTERM')).toBe(0);
    expect(JSON.parse(cli.stdout)).toMatchObject({ entries: 3 });
  });

  it('is told so by its flags to the letter', () => {
    const flags = [
      ...SECRET_FLAG,
      '--ack-delay',
      '100ms',
      '--read-rate',
      '1.5MB',
      '--throttle',
      '20ms',
    ];
    const more = ['--not-ready-for', '1h', '--fail-after', '3', '--refuse-tag', 'bad'];
    const argv = ['node', 'cli', ...flags, ...more, '--refuse-tag', 'worse', '--api-version', '5'];
    expect(indexerOptions(parseCliOptions(argv), {})).toMatchObject({
      ackDelay: 100,
      readRate: 1_500_000,
      throttle: 20,
      notReadyFor: 3_600_000,
      failAfter: 3,
      refuseTag: ['bad', 'worse'],
      apiVersion: 5,
    });
  });

  it('tells about every flag with --help', async () => {
    const cli = new Cli('--help');
    expect(await cli.end()).toBe(0);
    for (const [flag] of BEHAVIOUR_FLAGS) expect(cli.stdout).toContain(flag);
  });

  it.each(BEHAVIOUR_FLAGS)('refuses %s %s with a clear error', async (flag, value, message) => {
    expect(await indexerRefusal(...LISTEN, ...SECRET_FLAG, flag, value)).toContain(message);
  });

  it('ends when ingesters are still connected', async () => {
    const cli = new Cli(...LISTEN, ...SECRET_FLAG, '--json');
    await IngesterClient.hot(await cli.address('stderr'), SECRET, ['test']);
    expect(await cli.end('SIGTERM')).toBe(0);
    expect(JSON.parse(cli.stdout)).toMatchObject({ connections: 1 });
  });

  it('says on standard error why an ingester was not let in, without the secret', async () => {
    const cli = new Cli(...LISTEN, ...SECRET_FLAG, '--json');
    const client = await IngesterClient.connect(await cli.address('stderr'));
    await client.authenticate('another');
    await client.confirmedUntilEnd();
    await cli.end('SIGTERM');
    expect(cli.stderr).toContain('does not have the ingest secret');
    expect(cli.stderr).not.toContain(SECRET);
  });

  it.each([
    ['an unknown flag', [...SECRET_FLAG, '--nonsense'], 'unknown option'],
    ['no secret', LISTEN, 'there is no ingest secret'],
    ['a malformed address', [...SECRET_FLAG, '--listen', 'host:port'], 'cannot listen on'],
    ['an unknown scheme', [...SECRET_FLAG, '--listen', 'udp://h:1'], 'not supported'],
    ['an argument too many', [...SECRET_FLAG, 'extra'], 'too many arguments'],
  ])('refuses %s with a clear error', async (_name, args, message) => {
    expect(await indexerRefusal(...args)).toContain(message);
  });

  it.each([
    ['a flag', '--nonsense', 'error: unknown option'],
    ['a value', '--throttle=9s', 'ringest-indexer: --throttle 9000: give a number from 0 to 5000'],
  ])('tells that it refuses %s in a line, with status 1', async (_what, flag, message) => {
    const cli = new Cli(...LISTEN, ...SECRET_FLAG, flag);
    expect(await cli.end()).toBe(1);
    expect(cli.stderr.startsWith(message)).toBe(true);
    expect(cli.stderr).not.toContain('    at ');
    expect(cli.stdout).toBe('');
  });

  it('refuses a port that is in use with a clear error', async () => {
    await using other = new Indexer({ listen: '127.0.0.1:0', secret: SECRET });
    const cli = new Cli('--listen', await other.listen(), ...SECRET_FLAG);
    expect(await cli.end()).not.toBe(0);
    expect(cli.stderr).toContain('the port is in use');
  });
});
