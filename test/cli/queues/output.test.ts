import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { describe, expect, it } from 'vitest';
import { GrowingLog } from '../../support/growing-log.js';
import { isNatsMissing, NatsServer } from '../../support/nats-server.js';
import { NodeProcess, RINGEST } from '../../support/node-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { eventually, watch } from '../../support/waiting.js';
import { publishFlags, publishPipe, statusOf } from './natsd.js';

/** Publishes again soon what went nowhere. */
const HASTY = ['--nats-timeout', '300ms'];

const withServer = it.skipIf(isNatsMissing);

/** A server with a stream `events`, and the data of its messages. */
async function started() {
  const server = await NatsServer.start();
  const connection = await server.stream();
  const stream = await jetstream(connection).streams.get('events');
  const stored = async () => (await stream.info()).state.messages;
  const textsOf = async (): Promise<string[]> => {
    const texts: string[] = [];
    const consumer = await stream.getConsumer();
    const messages = await consumer.fetch({ max_messages: await stored() });
    for await (const message of messages) texts.push(message.string());
    return texts.sort();
  };
  return { server, stored, textsOf };
}

describe('ringest ship --to', () => {
  withServer('goes on when the server was away, and stores each entry once', async () => {
    const { server, stored, textsOf } = await started();
    const process = publishPipe(server, '--json', ...HASTY);
    process.stdin.write('one\ntwo\n');
    await eventually(async () => expect(await stored()).toBe(2));
    await server.kill();
    process.stdin.write('three\n');
    await process.says('stderr', /the connection is lost/);
    process.stdin.end('four\n');
    await server.start();
    expect(await process.end(), process.stderr).toBe(0);
    expect(process.stderr).toContain('connected again');
    expect(await textsOf()).toEqual(['four', 'one', 'three', 'two']);
    expect(process.lastJson()).toMatchObject({
      ...{ event: 'end', entries: 4, confirmed: 4, unconfirmed: 0, refused: 0 },
      to: { published: 4, stored: 4 },
    });
  });

  withServer('ends with 1 when not all is stored within the grace', async () => {
    const { server, stored } = await started();
    const process = publishPipe(server, '--grace', '50ms', '--json');
    process.stdin.write('one\n');
    await eventually(async () => expect(await stored()).toBe(1));
    await server.kill();
    await process.says('stderr', /the connection is lost/);
    process.stdin.write('two\nthree\n');
    await eventually(() => expect(process.stdout).toContain('"entries":3'));
    expect(await process.end('SIGTERM')).toBe(1);
    expect(process.lastJson()).toMatchObject({ unconfirmed: 2, to: { stored: 1 } });
  });

  withServer('answers HTTP once an entry is stored, and refuses what is too large', async () => {
    const { server, stored, textsOf } = await started();
    const flags = publishFlags(server.url, '--listen-http', '0', '--max-body', '3MB', ...HASTY);
    const socket = join(temporaryDirectory(), 'socket');
    flags.push('--status-socket', socket);
    const process = new NodeProcess(RINGEST, flags);
    const [, port] = await process.says('stderr', /http on http:\/\/127\.0\.0\.1:(\d+)/);
    const post = async (body: string) => {
      const url = `http://127.0.0.1:${port}/raw`;
      return (await fetch(url, { method: 'POST', body })).status;
    };
    expect(await post('one')).toBe(200);
    expect(await stored()).toBe(1);
    expect(await post('x'.repeat(2_000_000))).toBe(400);
    const { json, text } = await statusOf(socket);
    const name = `${server.url} events.{tag}`;
    expect(json).toMatchObject({
      ...{ lanes: [], queues: [], refused: 1 },
      to: { name, isConnected: true, published: 1, stored: 1, duplicates: 0 },
    });
    expect(text).toContain(`  to       ${name}  connected: 1 stored, 0 duplicates\n`);
    await server.kill();
    await process.says('stderr', /the connection is lost/);
    const late = watch(post('two'));
    await process.says('stderr', /not stored at events\.test: timeout/);
    expect(late.settled).toBe(false);
    await server.start();
    expect(await late.promise).toBe(200);
    expect(await textsOf()).toEqual(['one', 'two']);
    // Something was refused.
    expect(await process.end('SIGTERM')).toBe(1);
  });

  withServer('keeps how far files are stored, whenever it is killed', async () => {
    const { server, stored, textsOf } = await started();
    const log = new GrowingLog(temporaryDirectory());
    const state = join(temporaryDirectory(), 'state');
    const more = ['--follow', '--poll', '5ms', '--state-file', state, '--max-ahead', '20KB'];
    const flags = publishFlags(server.url, ...more, log.path);
    for (let kills = 0; kills < 2; kills++) {
      const before = await stored();
      log.write(2000);
      const process = new NodeProcess(RINGEST, flags);
      await eventually(async () => expect(await stored()).toBeGreaterThan(before));
      await process.end('SIGKILL');
    }
    const process = new NodeProcess(RINGEST, flags);
    const lines = Array.from({ length: log.lines }, (_, i) => GrowingLog.line(i + 1));
    const arrived = async () => [...new Set(await textsOf())];
    await eventually(async () => expect(await arrived()).toEqual(lines.sort()));
    expect(await process.end('SIGTERM'), process.stderr).toBe(0);
  });
});

describe('ringest ship --to, with a cache', () => {
  it.skipIf(isNatsMissing).each(['fail', 'always', 'journal'])(
    'stores entries at a server that is there: --cache-mode %s',
    async (mode) => {
      const { server, textsOf } = await started();
      const process = publishPipe(
        server,
        '--cache-path',
        temporaryDirectory(),
        '--cache-mode',
        mode,
      );
      process.stdin.end('one\n');
      expect(await process.end(), process.stderr).toBe(0);
      expect(await textsOf()).toEqual(['one']);
    },
  );
});

describe('ringest ship --to, without a server', () => {
  withServer('keeps entries in its cache for the next run', async () => {
    const { server, stored, textsOf } = await started();
    await server.kill();
    const cache = ['--cache-path', temporaryDirectory(), '--cache-mode', 'journal'];
    const first = publishPipe(server, ...cache, '--json', '--grace', '50ms');
    await first.says('stderr', /waiting for it/);
    first.stdin.write('one\ntwo\n');
    await eventually(() => expect(first.stdout).toContain('"entries":2'));
    expect(await first.end('SIGTERM')).toBe(1);
    expect(first.lastJson()).toMatchObject({ unconfirmed: 2, cached: 2 });
    await server.start();
    const second = publishPipe(server, ...cache);
    second.stdin.write('three\n');
    await eventually(async () => expect(await stored()).toBe(3));
    second.stdin.end();
    expect(await second.end(), second.stderr).toBe(0);
    expect(await textsOf()).toEqual(['one', 'three', 'two']);
  });

  withServer.each(['always', 'journal'])(
    'ends when there is nothing to publish, with --cache-mode %s',
    async (mode) => {
      const { server } = await started();
      await server.kill();
      const cache = ['--cache-path', temporaryDirectory(), '--cache-mode', mode];
      const process = publishPipe(server, ...cache);
      await process.says('stderr', /waiting for it/);
      process.stdin.end();
      expect(await process.end(), process.stderr).toBe(0);
    },
  );

  withServer('ends when its cache cannot be used', async () => {
    const { server } = await started();
    await server.kill();
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const process = publishPipe(server, '--cache-path', file, '--cache-mode', 'journal');
    expect(await process.end(), process.stderr).toBe(3);
  });

  withServer('says what no stream stores, and what does not fit', async () => {
    const { server } = await started();
    const to = (...flags: readonly string[]) =>
      new NodeProcess(RINGEST, ['ship', '--tag', 'test', '--to', server.url, ...flags]);
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, 'one\n');
    const unknown = to(file);
    expect(await unknown.end()).toBe(3);
    expect(unknown.stderr).toContain('no stream stores ringest.test: --nats-create');
    const large = to('--nats-subject', 'events.a', '--max-line-bytes', '2000000', file);
    expect(await large.end()).toBe(3);
    expect(large.stderr).toMatch(/takes entries of \d+ bytes: give a --max-line-bytes/);
  });
});
