import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { createGzip, gzipSync } from 'node:zlib';
import { decodeEntry } from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { CollectingIndexer } from '../support/collecting-indexer.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';
import { connectSender } from '../support/sender.js';
import { datagrams, listening, otherPort, post, SUCCESS } from '../support/ship-listening.js';
import { textsOf } from '../support/shipping.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventually } from '../support/waiting.js';

describe('--listen-http', () => {
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
    expect((await fetch(`http://127.0.0.1:${port}/services/collector/health`)).status).toBe(200);
    expect(indexer.received).toHaveLength(4);
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it('takes what fields of --format json say, however the entries come', async () => {
    const indexer = await CollectingIndexer.start();
    const listeners = ['--listen-http', '0', '--listen-lines', 'udp://0'];
    const flags = ['--format', 'json', '--time-field', 'at', '--tag-field', 'app'];
    const { process } = await listening(indexer, ...listeners, ...flags);
    const port = await otherPort(process, 'http');
    const json = '{"other":"2020-01-01T00:00:00Z","at":1767323045,"app":"web"}';
    for (const path of ['/raw', '/lines', '/json', '/services/collector/raw?host=a']) {
      expect(await post(port, path, json)).toEqual(SUCCESS);
    }
    expect(await post(port, '/services/collector', `{"event":${json}}`)).toEqual(SUCCESS);
    await datagrams(await otherPort(process, 'lines'), json);
    await indexer.entries(6);
    for (const { tag, bytes } of indexer.received) {
      const { data, timestamp } = decodeEntry(bytes);
      expect([tag, String(data), String(timestamp)]).toEqual(['web', json, '2026-01-02T03:04:05Z']);
    }
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
    await eventually(() => expect(textsOf(indexer)).toEqual(['one']));
    expect(await process.end('SIGTERM')).toBe(1);
  });

  it('refuses bodies that are too large, also when they are compressed', async () => {
    const indexer = await CollectingIndexer.start();
    const { process, port } = await listening(indexer, '--listen-http', '0', '--max-body', '1000');
    const large = 'x'.repeat(1001);
    expect((await post(port, '/raw', large))[0]).toBe(413);
    const gzip = { 'content-encoding': 'gzip' };
    expect((await post(port, '/raw', new Uint8Array(gzipSync(large)), gzip))[0]).toBe(413);
    expect((await post(port, '/raw', 'no gzip', gzip))[0]).toBe(400);
    expect((await post(port, '/raw', 'x', { 'content-encoding': 'br' }))[0]).toBe(415);
    expect(await process.end('SIGTERM')).toBe(0);
    expect(indexer.received).toEqual([]);
  });

  it('answers a client that sends all of a body that is refused before it reads', async () => {
    const indexer = await CollectingIndexer.start();
    const { process, port } = await listening(indexer, '--listen-http', '0', '--max-body', '1000');
    // More than sockets keep, also when it is compressed.
    const plain = Buffer.alloc(16 * 1024 * 1024, 'x');
    const packed = gzipSync(plain, { level: 0 });
    const chunked = (size: number) => `transfer-encoding: chunked\r\n\r\n${size.toString(16)}\r\n`;
    const requests = [
      [`content-length: ${plain.length + 1}\r\n\r\n`, plain, ' '],
      [chunked(plain.length), plain, '\r\n0\r\n\r\n'],
      [`content-encoding: gzip\r\n${chunked(packed.length)}`, packed, '\r\n0\r\n\r\n'],
    ] as const;
    for (const [before, body, after] of requests) {
      const socket = connectSender(port);
      socket.write(`POST /raw HTTP/1.1\r\nhost: a\r\n${before}`);
      socket.write(body);
      await new Promise<void>((resolve) => socket.write(after, () => resolve()));
      const [answer] = await once(socket, 'data');
      expect(String(answer)).toMatch(/^HTTP\/1\.1 413 /);
    }
    expect(await process.end('SIGTERM')).toBe(0);
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

/** What an entry says beside its data. */
const partsOf = (indexer: CollectingIndexer) =>
  indexer.received.map(({ bytes }) => {
    const { data, timestamp, source, enumeratedValues } = decodeEntry(bytes);
    return {
      data: data.toString(),
      time: timestamp.toString(),
      source: String(source),
      values: Object.fromEntries(enumeratedValues.map(({ name, value }) => [name, value])),
    };
  });

describe("a collector of Splunk's events", () => {
  const EVENTS = '/services/collector/event/1.0';
  const RAW = '/services/collector/raw/1.0';

  it('takes a token in each way that Splunk does, and none without', async () => {
    const indexer = await CollectingIndexer.start();
    const token = join(temporaryDirectory(), 'token');
    writeFileSync(token, 'secret\n');
    const { process, port } = await listening(indexer, '--listen-http', '0', '--token-file', token);
    const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
    for (const authorization of ['Splunk secret', 'bearer secret', basic('x:secret')]) {
      expect(await post(port, RAW, 'a', { authorization })).toEqual(SUCCESS);
    }
    expect(await post(port, `${RAW}?token=secret`, 'a')).toEqual(SUCCESS);
    const noToken = { text: 'Token is required', code: 2 };
    expect(await post(port, RAW, 'b')).toEqual([401, noToken]);
    const noAuthorization = { text: 'Invalid authorization', code: 3 };
    expect(await post(port, RAW, 'b', { authorization: 'secret' })).toEqual([401, noAuthorization]);
    const wrong = [403, { text: 'Invalid token', code: 4 }];
    for (const authorization of ['Splunk other', basic('secret:x')]) {
      expect(await post(port, `${RAW}?token=secret`, 'b', { authorization })).toEqual(wrong);
    }
    expect(await post(port, `${EVENTS}?token=other`, 'b')).toEqual(wrong);
    expect(textsOf(indexer)).toEqual(['a', 'a', 'a', 'a']);
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it('reads times in seconds, milliseconds, microseconds and nanoseconds, as numbers and as text', async () => {
    const indexer = await CollectingIndexer.start();
    const { process, port } = await listening(indexer, '--listen-http', '0');
    const times = [
      ['1767323045', '2026-01-02T03:04:05Z'],
      ['1767323045.123456789', '2026-01-02T03:04:05.123456789Z'],
      ['"1767323045.5"', '2026-01-02T03:04:05.5Z'],
      ['1767323045123', '2026-01-02T03:04:05.123Z'],
      ['"1767323045123"', '2026-01-02T03:04:05.123Z'],
      ['1767323045123456', '2026-01-02T03:04:05.123456Z'],
      ['1767323045123456789', '2026-01-02T03:04:05.123456789Z'],
      ['1.767323045e9', '2026-01-02T03:04:05Z'],
    ] as const;
    const events = times.map(([time]) => `{"event":"a","time":${time}}`);
    expect(await post(port, EVENTS, events.join('\n'))).toEqual(SUCCESS);
    expect(partsOf(indexer).map(({ time }) => time)).toEqual(times.map(([, time]) => time));
    for (const time of ['"yesterday"', '-1', 'true', '[1]', '1e99']) {
      const invalid = { text: 'Invalid data format', code: 6, 'invalid-event-number': 0 };
      expect(await post(port, EVENTS, `{"event":"a","time":${time}}`)).toEqual([400, invalid]);
    }
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it('gives events and raw lines what the query says, unless they say it themselves', async () => {
    const indexer = await CollectingIndexer.start();
    const flags = ['--listen-http', '0', '--max-line-bytes', '5'];
    const { process, port } = await listening(indexer, ...flags);
    const query = '?channel=c&host=10.1.2.3&source=app&sourcetype=web&index=main&time=1767323045.5';
    expect(await post(port, `${RAW}${query}`, 'one\r\n\nlonger')).toEqual(SUCCESS);
    const values = { host: '10.1.2.3', source: 'app', sourcetype: 'web', index: 'main' };
    const common = { time: '2026-01-02T03:04:05.5Z', source: '10.1.2.3', values };
    expect(partsOf(indexer)).toEqual(['one', 'longe', 'r'].map((data) => ({ data, ...common })));
    const event =
      '{"event":"two","time":1767323046,"host":"h","fields":{"__proto__":"p","big":123456789012345678901}}';
    expect(await post(port, `${EVENTS}${query}`, event)).toEqual(SUCCESS);
    const two = partsOf(indexer).at(-1);
    expect(two).toMatchObject({ data: 'two', time: '2026-01-02T03:04:06Z', source: '10.1.2.3' });
    expect(Object.entries(two?.values ?? {})).toEqual([
      ['host', 'h'],
      ['source', 'app'],
      ['sourcetype', 'web'],
      ['index', 'main'],
      ['__proto__', 'p'],
      ['big', '123456789012345678901'],
    ]);
    expect((await post(port, `${RAW}?time=now`, 'three'))[0]).toBe(400);
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it('says what is wrong with a body as Splunk does, and which event it is', async () => {
    const indexer = await CollectingIndexer.start();
    const { process, port } = await listening(indexer, '--listen-http', '0');
    const answers = [
      ['', { text: 'No data', code: 5 }],
      [' \n', { text: 'No data', code: 5 }],
      ['{"event":"a"', { text: 'Invalid data format', code: 6 }],
      ['x', { text: 'Invalid data format', code: 6 }],
      ['}{', { text: 'Invalid data format', code: 6 }],
      ['{"event":"a"} "b"', { text: 'Invalid data format', code: 6 }],
      ['[{"event":"a"}]', { text: 'Invalid data format', code: 6 }],
      ['{"event":"a"}{a}', { text: 'Invalid data format', code: 6, 'invalid-event-number': 1 }],
      ['{"event":"a"}{}', { text: 'Event field is required', code: 12, 'invalid-event-number': 1 }],
      ['{"event":null}', { text: 'Event field is required', code: 12, 'invalid-event-number': 0 }],
      [
        '{"event":""}',
        { text: 'Event field cannot be blank', code: 13, 'invalid-event-number': 0 },
      ],
      [
        '{"event":"a","fields":[1]}',
        { text: 'Invalid data format', code: 6, 'invalid-event-number': 0 },
      ],
    ] as const;
    for (const [body, answer] of answers) {
      expect(await post(port, EVENTS, body)).toEqual([400, answer]);
    }
    const noAcks = { text: 'ACK is disabled', code: 14 };
    expect(await post(port, '/services/collector/ack?channel=c', '{"acks":[0]}')).toEqual([
      400,
      noAcks,
    ]);
    expect((await post(port, '/services/other', 'a'))[0]).toBe(404);
    // What comes before an event that is not valid is shipped.
    await eventually(() => expect(textsOf(indexer)).toEqual(['a', 'a']));
    expect(await process.end('SIGTERM')).toBe(0);
  });
});

describe("Gravwell's generator", () => {
  const entries = Array.from({ length: 300 }, (_, i) => ({
    data: i % 3 === 0 ? `{"n":${i}}` : `line ${i} "quoted" <&>`,
    seconds: 1_767_323_045 + i,
    fraction: i / 512,
  }));

  it('is taken by TCP: a connection with plain lines, which it closes', async () => {
    const indexer = await CollectingIndexer.start();
    const { process, port } = await listening(indexer, '--listen-lines', '0');
    const socket = connectSender(port);
    // It writes data and line feed apart.
    for (const { data } of entries) {
      socket.write(data);
      socket.write('\n');
    }
    socket.end();
    const texts = entries.map(({ data }) => data);
    await eventually(() => expect(textsOf(indexer)).toEqual(texts));
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it.each([false, true])(
    'is taken as events and as raw lines in a body whose length it does not know (gzip: %s)',
    async (hasGzip) => {
      const indexer = await CollectingIndexer.start();
      const token = join(temporaryDirectory(), 'token');
      writeFileSync(token, 'secret');
      const { process, port } = await listening(
        indexer,
        '--listen-http',
        '0',
        '--token-file',
        token,
      );
      const stream = (path: string, lines: readonly string[]) =>
        new Promise<number | undefined>((resolve, reject) => {
          const headers = {
            authorization: 'Splunk secret',
            'user-agent': 'generator',
            ...(hasGzip ? { 'content-encoding': 'gzip' } : {}),
          };
          const outgoing = request({ port, path, method: 'POST', headers }, (reply) => {
            reply.resume().once('end', () => resolve(reply.statusCode));
          });
          outgoing.once('error', reject);
          const body = hasGzip ? createGzip() : outgoing;
          if (body !== outgoing) body.pipe(outgoing);
          for (const line of lines) body.write(line);
          body.end();
        });
      // Every other object is an event as it is; the rest is text.
      const events = entries.map(({ data, seconds, fraction }, i) => {
        const event = data.startsWith('{') && i % 2 === 0 ? data : JSON.stringify(data);
        return `{"event":${event},"time":${seconds + fraction},"sourcetype":"generated"}\n`;
      });
      expect(await stream('/services/collector/event', events)).toBe(200);
      const times = entries.map(({ seconds, fraction }) => (seconds + fraction) * 1000);
      const taken = indexer.received.map(({ bytes }) => decodeEntry(bytes));
      expect(taken.map(({ data }) => data.toString())).toEqual(entries.map(({ data }) => data));
      expect(taken.map(({ timestamp }) => timestamp.toDate().getTime())).toEqual(
        times.map(Math.floor),
      );
      const raw = entries.map(({ data }) => `${data}\n`);
      expect(await stream('/services/collector/raw?sourcetype=generated', raw)).toBe(200);
      expect(textsOf(indexer).slice(entries.length)).toEqual(entries.map(({ data }) => data));
      const values = partsOf(indexer).map(({ values: { sourcetype } }) => sourcetype);
      expect(new Set(values)).toEqual(new Set(['generated']));
      expect(await process.end('SIGTERM')).toBe(0);
    },
  );
});
