import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { selfSigned } from '@ringest/bench/shared';
import { decodeEntry } from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { CollectingIndexer } from '../support/collecting-indexer.js';
import { NodeProcess, RINGEST } from '../support/node-process.js';
import { closed, connectSender } from '../support/sender.js';
import { datagrams, listening, otherPort, send } from '../support/ship-listening.js';
import { ship, shipFlags, textsOf } from '../support/shipping.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventually } from '../support/waiting.js';

const arrived = (indexer: CollectingIndexer, texts: readonly string[]) =>
  eventually(() => expect(textsOf(indexer).sort()).toEqual([...texts].sort()));

describe('--listen-lines', () => {
  it('takes lines by TCP from many, and by UDP', async () => {
    const indexer = await CollectingIndexer.start();
    const udp = ['--listen-lines', 'udp://0'];
    const { process, port } = await listening(indexer, '--listen-lines', '0', ...udp);
    await Promise.all([send(port, 'one\ntw', 'o\n'), send(port, 'three\nlast')]);
    const other = await otherPort(process, 'lines on udp');
    await datagrams(other, 'four\nfive\n', 'six');
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
    const udp = ['--listen-syslog', 'udp://0', '--listen-lines', 'udp://0'];
    const flags = ['--listen-syslog', '0', ...udp, '--max-line-bytes', '10'];
    const { process } = await listening(indexer, ...flags);
    const port = await otherPort(process, 'syslog on tcp');
    await send(port, '26 <34>one 7 in fro', 'nt, and mo4 <5>a7 <34>t', 'wo');
    const byTcp = ['<34>one 7 ', 'in front, ', 'and mo', '<5>a', '<34>two'];
    await datagrams(await otherPort(process, 'syslog on udp'), '<34>message\n2');
    await datagrams(await otherPort(process, 'lines on udp'), 'a longer line\nb\r\n\n\0');
    const byUdp = ['<34>messag', 'e\n2', 'a longer l', 'ine', 'b'];
    await arrived(indexer, [...byTcp, ...byUdp]);
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it('takes messages that are lines, and datagrams', async () => {
    const indexer = await CollectingIndexer.start();
    const udp = ['--listen-syslog', 'udp://0'];
    const { process, port } = await listening(indexer, '--listen-syslog', '0', ...udp);
    await send(port, '<34>one\n<34>two\r\n');
    const other = await otherPort(process, 'syslog on udp');
    await datagrams(other, messages[1] ?? '', '<34>three\n\0');
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

  it('reads its certificate and its token again after SIGHUP, and keeps them if the new ones are none', async () => {
    const indexer = await CollectingIndexer.start();
    const folder = temporaryDirectory();
    const files = {
      cert: join(folder, 'cert'),
      key: join(folder, 'key'),
      token: join(folder, 't'),
    };
    const write = async (token: string) => {
      const { cert, key } = await selfSigned({ hosts: ['localhost'] });
      writeFileSync(files.cert, cert);
      writeFileSync(files.key, key);
      writeFileSync(files.token, token);
      return cert;
    };
    const post = (port: number, ca: string | Buffer, token: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = { authorization: `Splunk ${token}` };
        const target = { host: '127.0.0.1', port, path: '/raw', servername: 'localhost' };
        request({ ...target, ca, headers, method: 'POST', agent: false }, (reply) =>
          reply.resume().once('end', () => resolve(reply.statusCode)),
        )
          .once('error', reject)
          .end('a');
      });
    const before = await write('one');
    const flags = ['--listen-cert', files.cert, '--listen-key', files.key];
    const http = ['--listen-http', 'tls://0', '--token-file', files.token];
    const { process, port } = await listening(indexer, ...http, ...flags);
    expect(await post(port, before, 'one')).toBe(200);
    const after = await write('two');
    process.kill('SIGHUP');
    await process.says('stderr', /the configuration was read again/);
    expect(await post(port, after, 'two')).toBe(200);
    expect(await post(port, after, 'one')).toBe(403);
    await expect(post(port, before, 'two')).rejects.toThrow(/certificate/);
    writeFileSync(files.token, ' ');
    process.kill('SIGHUP');
    await process.says('stderr', /the configuration stays as it was: the token file/);
    expect(await post(port, after, 'two')).toBe(200);
    expect(await process.end('SIGTERM')).toBe(0);
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
    [
      'a token file without a token',
      ['--listen-http', '0', '--token-file', '/dev/null'],
      2,
      /must have one token/,
    ],
    [
      'a certificate that is none',
      ['--listen-lines', 'tls://0', '--listen-cert', '/dev/null', '--listen-key', '/dev/null'],
      2,
      /are no certificate and its key/,
    ],
    [
      'a key that is missing',
      ['--listen-lines', 'tls://0', '--listen-cert', '/dev/null', '--listen-key', '/no/key'],
      2,
      /key file \/no\/key cannot be read/,
    ],
    [
      'too little room for a body',
      ['--listen-http', '0', '--max-waiting', '1MB'],
      2,
      /--max-waiting must be at least 4 times --max-body/,
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
