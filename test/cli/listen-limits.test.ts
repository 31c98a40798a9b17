import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { decodeEntry } from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { CollectingIndexer } from '../support/collecting-indexer.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';
import { closed, connectSender } from '../support/sender.js';
import {
  datagrams,
  listening,
  otherPort,
  post,
  SUCCESS,
  shipLines,
} from '../support/ship-listening.js';
import { textsOf } from '../support/shipping.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventually } from '../support/waiting.js';
import { run } from './inspect/ringest.js';

const RING_BYTES = 16 * 1024 * 1024;

/** A request whose body is sent in parts, and its answer. */
function openPost(port: number, path: string) {
  const outgoing = request({ port, path, method: 'POST', agent: false });
  const answer = once(outgoing, 'response').then(([reply]) => {
    reply.resume();
    return reply as import('node:http').IncomingMessage;
  });
  // The test may end before.
  answer.catch(() => {});
  return { outgoing, answer };
}

describe('--max-waiting', () => {
  it('is never passed by many senders that send far more', async () => {
    const indexer = await CollectingIndexer.start();
    const limits = ['--max-waiting', '1MB', '--max-body', '200KB', '--max-line-bytes', '50000'];
    const flags = ['--listen-lines', '0', '--listen-http', '0', '--json', ...limits];
    const { process, port } = await listening(indexer, ...flags);
    const http = await otherPort(process, 'http on');
    const line = (sender: string, i: number) => `${sender} ${i} ${'x'.repeat(900)}`;
    const lines = (sender: string) =>
      Array.from({ length: 180 }, (_, i) => `${line(sender, i)}\n`).join('');
    const byTcp = async (sender: string) => {
      const socket = connectSender(port);
      for (let i = 0; i < 2; i++) socket.write(lines(`${sender}.${i}`));
      socket.end();
      socket.resume();
      await closed(socket);
    };
    const byHttp = async (sender: string) => {
      for (let i = 0; i < 2; i++) {
        // 503 says that nothing of it was taken.
        for (let status = 0; status !== 200; ) {
          [status] = await post(http, '/lines', lines(`${sender}.${i}`));
          expect([200, 503]).toContain(status);
          if (status === 503) await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    };
    const senders = Array.from({ length: 6 }, (_, i) => i);
    await Promise.all(senders.flatMap((i) => [byTcp(`tcp${i}`), byHttp(`http${i}`)]));
    await indexer.entries(2 * 6 * 2 * 180);
    expect(new Set(textsOf(indexer)).size).toBe(2 * 6 * 2 * 180);
    expect(await process.end('SIGTERM')).toBe(0);
    const { listeners } = shipLines(process).at(-1) ?? {};
    expect(listeners?.mostHeldBytes).toBeGreaterThan(0);
    expect(listeners?.mostHeldBytes).toBeLessThanOrEqual(1e6);
    expect(listeners?.heldBytes).toBe(0);
  });

  it('answers bodies beyond it with 503, whose senders may try again, and keeps the others', async () => {
    const indexer = await CollectingIndexer.start();
    const limits = ['--max-waiting', '1MB', '--max-body', '200KB', '--max-line-bytes', '50000'];
    const { process, port } = await listening(indexer, '--listen-http', '0', '--json', ...limits);
    const slow = Array.from({ length: 3 }, () => openPost(port, '/raw'));
    for (const { outgoing } of slow) {
      outgoing.setHeader('content-length', 150_001);
      outgoing.write(Buffer.alloc(150_000, 'x'));
    }
    // They hold nearly half of it, which is the share of bodies.
    const held = () => shipLines(process).at(-1)?.listeners.heldBytes;
    await eventually(() => expect(held()).toBe(450_000));
    const one = openPost(port, '/raw');
    one.outgoing.end(Buffer.alloc(60_000, 'y'));
    const { statusCode, headers } = await one.answer;
    expect([statusCode, headers['retry-after']]).toEqual([503, '1']);
    // Compressed bytes count as what they were.
    const gzip = { 'content-encoding': 'gzip' };
    const packed = new Uint8Array(gzipSync(Buffer.alloc(60_000, 'y')));
    expect((await post(port, '/raw', packed, gzip))[0]).toBe(503);
    expect(await post(port, '/raw', 'small')).toEqual(SUCCESS);
    for (const { outgoing } of slow) outgoing.end('z');
    for (const { answer } of slow) expect((await answer).statusCode).toBe(200);
    await eventually(async () =>
      expect(await post(port, '/raw', 'y'.repeat(60_000))).toEqual(SUCCESS),
    );
    expect(await process.end('SIGTERM')).toBe(0);
    expect(shipLines(process).at(-1)?.listeners).toMatchObject({ heldBytes: 0, busyRequests: 2 });
  });

  it('closes connections with the longest unfinished lines when they take it all, and goes on', async () => {
    const indexer = await CollectingIndexer.start();
    const limits = ['--max-waiting', '1MB', '--max-body', '200KB', '--max-line-bytes', '50000'];
    const { process, port } = await listening(indexer, '--listen-lines', '0', '--json', ...limits);
    const sockets = Array.from({ length: 20 }, () => connectSender(port));
    let ended = 0;
    for (const socket of sockets) {
      socket.resume().once('close', () => ended++);
      socket.write('x'.repeat(40_000));
    }
    await eventually(() => expect(ended).toBeGreaterThan(0));
    const lines = ['one', 'two'];
    for (const one of lines) {
      const socket = connectSender(port).resume();
      socket.end(`${one}\n`);
      await closed(socket);
    }
    await eventually(() => expect(textsOf(indexer)).toEqual(expect.arrayContaining(lines)));
    for (const socket of sockets) socket.end('end\n');
    await Promise.all(sockets.map((socket) => socket.closed || closed(socket)));
    // A connection that is cut is no success.
    expect(await process.end('SIGTERM')).toBe(1);
    const { listeners } = shipLines(process).at(-1) ?? {};
    expect(listeners?.cutConnections).toBeGreaterThan(0);
    expect(listeners?.cutConnections).toBeLessThan(20);
    expect(listeners?.mostHeldBytes).toBeLessThanOrEqual(1e6);
    expect(listeners?.heldBytes).toBe(0);
    expect(process.stderr).toMatch(/a connection of 127\.0\.0\.1 was closed: its unfinished line/);
    // What had come of the others is whole.
    const whole = textsOf(indexer).filter((text) => text.endsWith('end')).length;
    expect(whole).toBe(20 - (listeners?.cutConnections ?? 0));
  });
});

describe('what finds no room', () => {
  const LIMITS = ['--max-waiting', '1MB', '--max-body', '200KB', '--max-line-bytes', '50000'];

  it('waits by TCP, without counting as silent, and is dropped by UDP and counted in datagrams', async () => {
    const indexer = await ScriptedIndexer.listen();
    // More than the ring has room for, which is free only after confirmations.
    const file = join(temporaryDirectory(), 'large.log');
    const count = 500;
    writeFileSync(file, `${'x'.repeat(49_999)}\n`.repeat(count));
    const listeners = ['--listen-lines', '0', '--listen-lines', 'udp://0', '--idle-timeout', '2s'];
    const flags = [file, ...listeners, '--json', '--ignore-timestamps', ...LIMITS];
    const { process, port } = await listening(indexer, ...flags);
    const udp = await otherPort(process, 'lines on udp');
    await eventually(() =>
      expect(shipLines(process).at(-1)?.bytes).toBeGreaterThanOrEqual(RING_BYTES),
    );
    const sender = connectSender(port).resume();
    sender.write('from tcp\n');
    const held = () => shipLines(process).at(-1)?.listeners.heldBytes;
    await eventually(() => expect(held()).toBe('from tcp\n'.length));
    // It has waited for longer than this one, which is silent.
    await closed(connectSender(port).resume());
    expect(sender.closed).toBe(false);
    const lines = Array.from({ length: 10 }, (_, i) => `datagram ${i}`.padEnd(600)).join('\n');
    const dropped = () => shipLines(process).at(-1)?.dropped ?? 0;
    let sent = 0;
    await eventually(async () => {
      await datagrams(udp, ...Array.from({ length: 50 }, () => lines));
      sent += 50;
      expect(dropped()).toBeGreaterThan(0);
    });
    const connection = await indexer.connection(0);
    const texts = () => connection.arrivals.map(({ bytes }) => String(decodeEntry(bytes).data));
    const having = (text: string) => texts().filter((one) => one.includes(text));
    await eventually(() => {
      connection.confirmThrough(connection.frames.length);
      expect(connection.frames.length).toBeGreaterThan(count);
      expect(having('xxx')).toHaveLength(count);
      expect(having('from tcp')).toHaveLength(1);
      // A datagram is taken whole, or dropped and counted once.
      expect(having('datagram').length / 10 + dropped()).toBe(sent);
    });
    // The only fault: everything else is confirmed.
    expect(await process.end('SIGTERM')).toBe(1);
    expect(shipLines(process).at(-1)).toMatchObject({ unconfirmed: 0, problems: 0 });
  });

  it.runIf(process.platform === 'linux')('is counted when the kernel drops it', async () => {
    const indexer = await CollectingIndexer.start();
    const socket = join(temporaryDirectory(), 'status');
    const flags = ['--listen-syslog', 'udp://0', '--json', '--status-socket', socket];
    const { process, port } = await listening(indexer, ...flags);
    process.kill('SIGSTOP');
    // More than any buffer of the kernel.
    const count = 300;
    await datagrams(port, ...Array.from({ length: count }, () => 'x'.repeat(60_000)));
    process.kill('SIGCONT');
    const status = () => shipLines(process).at(-1);
    await eventually(() => {
      expect(status()?.listeners.droppedByKernel).toBeGreaterThan(0);
      expect(indexer.received.length + (status()?.dropped ?? 0)).toBe(count);
    });
    const asked = await run('status', socket);
    expect(asked.stdout).toMatch(
      /network .* of 64\.0 MB, \d+ datagrams dropped \(\d+ by the kernel\)/,
    );
    expect(await process.end('SIGTERM')).toBe(1);
    expect(status()?.listeners.droppedByKernel).toBe(status()?.dropped);
  });
});

describe('the end of ship', () => {
  it('is not kept waiting by clients that are silent or slow', async () => {
    const indexer = await CollectingIndexer.start();
    const flags = ['--listen-lines', '0', '--listen-http', '0', '--grace', '1h', '--json'];
    const { process, port } = await listening(indexer, ...flags);
    const http = await otherPort(process, 'http on');
    const silent = [connectSender(port), connectSender(http), connectSender(http)];
    silent[2]?.write('POST /raw HTTP/1.1\r\n');
    const kept = connectSender(http);
    kept.write('GET /services/collector/health HTTP/1.1\r\nhost: a\r\n\r\n');
    await once(kept, 'data');
    const slow = Array.from({ length: 12 }, () => openPost(http, '/raw'));
    for (const { outgoing } of slow) outgoing.write('part');
    const held = () => shipLines(process).at(-1)?.listeners.heldBytes;
    await eventually(() => expect(held()).toBe(12 * 'part'.length));
    expect(await post(http, '/raw', 'whole')).toEqual(SUCCESS);
    expect(await process.end('SIGTERM')).toBe(0);
    for (const { answer } of slow) expect((await answer).statusCode).toBe(503);
    expect(process.stderr).not.toContain('Warning');
    expect(textsOf(indexer)).toEqual(['whole']);
  });
});
