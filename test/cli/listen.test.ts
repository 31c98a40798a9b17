import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { selfSigned } from '@ringest/bench/shared';
import { decodeEntry } from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { CollectingIndexer } from '../support/collecting-indexer.js';
import { NodeProcess, RINGEST } from '../support/node-process.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';
import { closed, connectSender } from '../support/sender.js';
import { ship, shipFlags, textsOf } from '../support/shipping.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventually } from '../support/waiting.js';

/** A running `ringest ship` with one listener, and the port of that. */
async function listening(indexer: { readonly address: string }, ...flags: readonly string[]) {
  const process = ship(indexer.address, ...flags);
  const [, port] = await process.says('stderr', /^ringest: \w+ on \w+:\/\/127\.0\.0\.1:(\d+)$/m);
  return { process, port: Number(port) };
}

/** Sends bytes by TCP, and ends the connection. */
async function send(port: number, ...parts: readonly string[]): Promise<void> {
  const socket = connectSender(port);
  for (const part of parts) {
    socket.write(part);
    // Another segment, so that the parts are read apart.
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end();
  socket.resume();
  await closed(socket);
}

async function datagrams(port: number, ...texts: readonly string[]): Promise<void> {
  const socket = createSocket('udp4');
  for (const text of texts) {
    await new Promise((resolve) => socket.send(text, port, '127.0.0.1', resolve));
  }
  socket.close();
}

const arrived = (indexer: CollectingIndexer, texts: readonly string[]) =>
  eventually(() => expect(textsOf(indexer).sort()).toEqual([...texts].sort()));

describe('--listen-lines', () => {
  it('takes lines by TCP from many, and by UDP', async () => {
    const indexer = await CollectingIndexer.start();
    const udp = ['--listen-lines', 'udp://0'];
    const { process, port } = await listening(indexer, '--listen-lines', '0', ...udp);
    await Promise.all([send(port, 'one\ntw', 'o\n'), send(port, 'three\nlast')]);
    const [, other] = await process.says('stderr', /lines on udp:\/\/127\.0\.0\.1:(\d+)/);
    await datagrams(Number(other), 'four\nfive\n', 'six');
    await arrived(indexer, ['one', 'two', 'three', 'last', 'four', 'five', 'six']);
    expect(new Set(indexer.received.map(({ bytes }) => String(decodeEntry(bytes).source)))).toEqual(
      new Set(['127.0.0.1']),
    );
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it('takes the lines of a generator that only writes, at any length of its writes', async () => {
    const indexer = await CollectingIndexer.start();
    const { process, port } = await listening(indexer, '--listen-lines', '0', '--tag-rule', 'x=y');
    const lines = Array.from({ length: 5000 }, (_, i) => `${i} ${'z'.repeat(i % 97)}`);
    const text = lines.map((line) => `${line}\r\n`).join('');
    const parts = Array.from({ length: Math.ceil(text.length / 4001) }, (_, i) =>
      text.slice(i * 4001, (i + 1) * 4001),
    );
    await send(port, ...parts);
    await arrived(indexer, lines);
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it('ends connections that are silent, and those that are too many', async () => {
    const indexer = await CollectingIndexer.start();
    const flags = ['--listen-lines', '0', '--idle-timeout', '50ms', '--max-connections', '1'];
    const { process, port } = await listening(indexer, ...flags);
    const first = connectSender(port).resume();
    await once(first, 'connect');
    const second = connectSender(port).resume();
    await Promise.all([closed(first), closed(second)]);
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it('lets senders by TCP wait, and drops datagrams with a count, while there is no room', async () => {
    const indexer = await ScriptedIndexer.listen();
    const flags = [
      '--listen-lines',
      '0',
      '--listen-lines',
      'udp://0',
      '--json',
      '--grace',
      '10ms',
      '--ignore-timestamps',
    ];
    const { process, port } = await listening(indexer, ...flags);
    const [, other] = await process.says('stderr', /lines on udp:\/\/127\.0\.0\.1:(\d+)/);
    const progress = () =>
      process.stdout
        .trimEnd()
        .split('\n')
        .filter((line) => line.endsWith('}'))
        .map((line): { readonly bytes: number; readonly dropped: number } => JSON.parse(line));
    const socket = connectSender(port);
    const chunk = Buffer.alloc(1024 * 1024, `${'x'.repeat(1023)}\n`);
    // More than the ring, the backlog and the sockets take together.
    for (let i = 0; i < 128; i++) socket.write(chunk);
    await eventually(() => {
      const [before, last] = progress().slice(-2);
      expect(last?.bytes).toBeGreaterThan(0);
      expect(last?.bytes).toBe(before?.bytes);
    });
    expect(progress().at(-1)?.bytes).toBeLessThan(128 * chunk.length);
    await eventually(async () => {
      await datagrams(Number(other), ...Array.from({ length: 100 }, () => 'y'.repeat(60_000)));
      expect(progress().at(-1)?.dropped).toBeGreaterThan(0);
    });
    expect(await process.end('SIGTERM')).toBe(1);
  });
});

describe('--listen-syslog', () => {
  const messages = [
    '<34>Oct 11 22:14:15 host su: one',
    '<165>1 2026-01-02T03:04:05Z host app - - - two\nlines',
  ];

  it('takes messages with their lengths in front', async () => {
    const indexer = await CollectingIndexer.start();
    const { process, port } = await listening(indexer, '--listen-syslog', '0');
    const text = messages.map((one) => `${Buffer.byteLength(one)} ${one}`).join('');
    await send(port, text.slice(0, 1), text.slice(1, 40), text.slice(40));
    await arrived(indexer, messages);
    const times = indexer.received.map(({ bytes }) => decodeEntry(bytes).timestamp.toString());
    expect(times).toContain('2026-01-02T03:04:05Z');
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it('makes several entries of a message that is too long, and goes on behind it', async () => {
    const indexer = await CollectingIndexer.start();
    const flags = ['--listen-syslog', '0', '--max-line-bytes', '10'];
    const { process, port } = await listening(indexer, ...flags);
    await send(port, '26 <34>one 7 in fro', 'nt, and mo4 <5>a7 <34>t', 'wo');
    await arrived(indexer, ['<34>one 7 ', 'in front, ', 'and mo', '<5>a', '<34>two']);
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it('takes messages that are lines, and datagrams', async () => {
    const indexer = await CollectingIndexer.start();
    const udp = ['--listen-syslog', 'udp://0'];
    const { process, port } = await listening(indexer, '--listen-syslog', '0', ...udp);
    await send(port, '<34>one\n<34>two\r\n');
    const [, other] = await process.says('stderr', /syslog on udp:\/\/127\.0\.0\.1:(\d+)/);
    await datagrams(Number(other), messages[1] ?? '', '<34>three\n\0');
    await arrived(indexer, ['<34>one', '<34>two', messages[1] ?? '', '<34>three']);
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it('takes TLS', async () => {
    const indexer = await CollectingIndexer.start();
    const folder = temporaryDirectory();
    const { cert, key } = await selfSigned({ hosts: ['localhost'] });
    const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, key);
    const flags = ['--listen-cert', files.cert, '--listen-key', files.key];
    const { process, port } = await listening(indexer, '--listen-syslog', 'tls://0', ...flags);
    // One that speaks no TLS harms nobody.
    await send(port, '<34>plain\n');
    const socket = connectTls({ port, host: '127.0.0.1', ca: cert, servername: 'localhost' });
    socket.end('<34>secret\n');
    socket.resume();
    await closed(socket);
    await arrived(indexer, ['<34>secret']);
    expect(await process.end('SIGTERM')).toBe(0);
  });
});

describe('--listen-http', () => {
  const post = async (
    port: number,
    path: string,
    body: string | Uint8Array<ArrayBuffer>,
    headers = {},
  ) => {
    const reply = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body, headers });
    return [reply.status, await reply.json()] as const;
  };
  const SUCCESS = [200, { text: 'Success', code: 0 }];

  it('takes raw bodies, lines and JSON, and answers once they are confirmed', async () => {
    const indexer = await CollectingIndexer.start();
    const { process, port } = await listening(indexer, '--listen-http', '0');
    expect(await post(port, '/raw', 'a\nb')).toEqual(SUCCESS);
    expect(textsOf(indexer)).toEqual(['a\nb']);
    expect(await post(port, '/lines', 'c\nd')).toEqual(SUCCESS);
    const gzip = { 'content-encoding': 'gzip' };
    expect(await post(port, '/json', new Uint8Array(gzipSync('[{"e":1},"f"]')), gzip)).toEqual(
      SUCCESS,
    );
    expect(textsOf(indexer)).toEqual(['a\nb', 'c', 'd', '{"e":1}', 'f']);
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it("takes events and raw lines as Splunk's collector", async () => {
    const indexer = await CollectingIndexer.start();
    const token = join(temporaryDirectory(), 'token');
    writeFileSync(token, 'secret\n');
    const flags = ['--token-file', token, '--route', 'sourcetype=web:www'];
    const { process, port } = await listening(indexer, '--listen-http', '0', ...flags);
    const path = '/services/collector/event';
    const authorization = { authorization: 'Splunk secret' };
    const body =
      '{"event":"one","time":1767323045.25,"host":"10.1.2.3","sourcetype":"web","fields":{"n":1}}' +
      '{"event":{"two":"}"}}';
    expect(await post(port, path, body, authorization)).toEqual(SUCCESS);
    expect(await post(port, '/services/collector/raw', 'three\nfour\n', authorization)).toEqual(
      SUCCESS,
    );
    const [first, ...others] = indexer.received.map(({ tag, bytes }) => {
      const { data, timestamp, source, enumeratedValues } = decodeEntry(bytes);
      const values = enumeratedValues.map(({ name, value }) => [name, value]);
      return [data.toString(), tag, timestamp.toString(), String(source), values];
    });
    expect(first).toEqual([
      'one',
      'www',
      '2026-01-02T03:04:05.25Z',
      '10.1.2.3',
      [
        ['host', '10.1.2.3'],
        ['sourcetype', 'web'],
        ['n', 1n],
      ],
    ]);
    expect(others.map(([text]) => text)).toEqual(['{"two":"}"}', 'three', 'four']);
    expect((await post(port, path, body))[0]).toBe(401);
    expect((await post(port, path, body, { authorization: 'Splunk other' }))[0]).toBe(403);
    const bad = ['{"event":"a"', '{"event":""}', '{}', 'x', '{"event":"a"} x'];
    for (const one of bad) {
      expect(await post(port, path, one, authorization)).toEqual([
        400,
        { text: 'Invalid data format', code: 6 },
      ]);
    }
    expect((await fetch(`http://127.0.0.1:${port}/services/collector/health`)).status).toBe(200);
    expect(indexer.received).toHaveLength(4);
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it('keeps what JSON is made of as it was written', async () => {
    const indexer = await CollectingIndexer.start();
    const { process, port } = await listening(indexer, '--listen-http', '0');
    const object = '{"id":12345678901234567890, "x":[1.0,"]\\"",{}]}';
    expect(await post(port, '/json', ` [${object} , 1e400,"\\u0041",[ ],null]\n`)).toEqual(SUCCESS);
    expect(await post(port, '/json', object)).toEqual(SUCCESS);
    const event = `{"time" : 1, "\\u0065vent" :${object} }`;
    expect(await post(port, '/services/collector', `${event}\n${event}`)).toEqual(SUCCESS);
    const parts = [object, '1e400', 'A', '[ ]', 'null'];
    expect(textsOf(indexer)).toEqual([...parts, object, object, object]);
    expect((await post(port, '/json', new Uint8Array([34, 255, 34])))[0]).toBe(400);
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it('does not say that it has taken an entry that was refused', async () => {
    const indexer = await CollectingIndexer.start();
    const { process, port } = await listening(indexer, '--listen-http', '0');
    const fields = JSON.stringify({ ['n'.repeat(100_000)]: 1 });
    const body = `{"event":"one"}{"event":"two","fields":${fields}}`;
    expect((await post(port, '/services/collector', body))[0]).toBe(400);
    await arrived(indexer, ['one']);
    expect(await process.end('SIGTERM')).toBe(1);
  });

  it('refuses bodies that are too large, also when they are compressed', async () => {
    const indexer = await CollectingIndexer.start();
    const { process, port } = await listening(indexer, '--listen-http', '0', '--max-body', '1000');
    const large = 'x'.repeat(1001);
    expect((await post(port, '/raw', large))[0]).toBe(413);
    const gzip = { 'content-encoding': 'gzip' };
    expect((await post(port, '/raw', new Uint8Array(gzipSync(large)), gzip))[0]).toBe(400);
    expect(await process.end('SIGTERM')).toBe(0);
    expect(indexer.received).toEqual([]);
  });

  it('does not say that it has what nobody confirms', async () => {
    const indexer = await ScriptedIndexer.listen();
    const { process, port } = await listening(indexer, '--listen-http', '0', '--grace', '50ms');
    const reply = post(port, '/raw', 'one');
    const connection = await indexer.connection(0);
    await connection.until('an entry', () => connection.frames.length === 1);
    process.kill('SIGTERM');
    expect(await reply).toEqual([503, { text: 'Server is busy', code: 9 }]);
    expect(await process.end()).toBe(1);
  });
});

describe('a listener that cannot be', () => {
  it.each([
    ['an address that is none', ['--listen-lines', 'here'], 2, /must be \[host:\]port/],
    ['a transport that it has not', ['--listen-http', 'udp://1'], 2, /must begin with tcp/],
    ['TLS without a certificate', ['--listen-lines', 'tls://1'], 2, /takes a --listen-cert/],
    [
      'a token without HTTP',
      ['--listen-lines', '1', '--token-file', 'x'],
      2,
      /about --listen-http/,
    ],
  ])('is said: %s', async (_what, flags, status, message) => {
    const process = new NodeProcess(RINGEST, shipFlags('127.0.0.1:1', ...flags));
    expect(await process.end()).toBe(status);
    expect(process.stderr).toMatch(message);
  });

  it('is said: an address that is in use', async () => {
    const indexer = await CollectingIndexer.start();
    const port = indexer.address.split(':').at(-1) ?? '';
    const process = ship(indexer.address, '--listen-lines', port);
    expect(await process.end()).toBe(3);
    expect(process.stderr).toContain('EADDRINUSE');
  });
});
