import { decodeEntry } from '@ringest/codec';
import { ConfigurationError } from '@ringest/core';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { Arrival } from '../../support/arrivals.js';
import { CollectingIndexer } from '../../support/collecting-indexer.js';
import { collectLogs, hotMuxer, newMuxer } from '../../support/muxer.js';
import { eventually } from '../../support/waiting.js';

const textsOf = (arrivals: readonly Arrival[]) =>
  arrivals.flatMap(({ tag, bytes }) => (tag === 'gravwell' ? [`${decodeEntry(bytes).data}`] : []));

/** The severity, the structured data and the message of lines with a text, once so many have arrived. */
async function arrived(indexer: CollectingIndexer, text: string, count: number) {
  return eventually(() => {
    const lines = textsOf(indexer.received).filter((line) => line.includes(text));
    expect(lines).toHaveLength(count);
    return lines.map((line) => {
      const [, priority, rest] = /^<(\d+)>.*? - (\[gw@1 .*|- .*)$/.exec(line) ?? [];
      return `${Number(priority) - 8} ${rest}`;
    });
  });
}

it('the log of the ingester is ingested as syslog, also what came before an indexer was there', async () => {
  const indexer = await CollectingIndexer.start();
  const { logger, lines } = collectLogs();
  const muxer = newMuxer({ targets: [indexer.address], logger, selfIngest: { level: 'debug' } });
  muxer.log.info('own: before the start', { queue: 'orders' });
  muxer.start();
  muxer.log.debug('own: details');
  muxer.log.warn('own: late', { ms: 12 });
  muxer.log.error('own: failed', { err: Object.assign(new Error('why'), { code: 'EWHY' }) });
  expect(await arrived(indexer, 'own: ', 4)).toEqual([
    '6 [gw@1 queue="orders"] own: before the start',
    '7 - own: details',
    '4 [gw@1 ms="12"] own: late',
    '3 [gw@1 err="why" err.code="EWHY"] own: failed',
  ]);
  expect(lines.filter((line) => line.includes('own: '))).toHaveLength(4);
});

it('the log of the ingester counts lines that can never be ingested', async () => {
  const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'], selfIngest: true });
  muxer.start();
  for (let i = 0; i < 1500; i++) muxer.log.info(`line ${i}`);
  const { droppedLogLines } = muxer.stats();
  expect(droppedLogLines).toBeGreaterThanOrEqual(500);
  const stream = muxer.logStream();
  await muxer.close();
  const atEnd = muxer.stats().droppedLogLines;
  expect(atEnd).toBeGreaterThanOrEqual(1500);
  stream.write('too late\n');
  expect(muxer.stats().droppedLogLines).toBe(atEnd + 1);
});

it('records of pino become lines with their levels and times, and no line comes twice', async () => {
  const indexer = await CollectingIndexer.start();
  const streams = pino.multistream([]);
  const logger = pino({ timestamp: () => ',"time":1234567890123', level: 'trace' }, streams);
  const muxer = await hotMuxer({ targets: [indexer.address], logger, selfIngest: true });
  streams.add({ level: 'trace', stream: muxer.logStream() });
  logger.info({ queue: 'orders', pid: 7 }, 'own: one');
  logger.debug('own: below the level');
  logger.warn('own: two');
  logger.fatal(Object.assign(new Error('own: why'), { code: 7 }), 'own: three');
  muxer.log.info('own: four');
  const lines = await arrived(indexer, 'own: ', 4);
  expect(lines).toEqual([
    '6 [gw@1 queue="orders"] own: one',
    '4 - own: two',
    '3 [gw@1 err="own: why" err.code="7"] own: three',
    '6 - own: four',
  ]);
  const [first] = textsOf(indexer.received).filter((line) => line.includes('own: one'));
  expect(first).toContain(' 2009-02-13T23:31:30.123Z ');
});

it('a stream takes text that is no record of pino', async () => {
  const indexer = await CollectingIndexer.start();
  const muxer = await hotMuxer({ targets: [indexer.address], selfIngest: true });
  const stream = muxer.logStream();
  stream.write('own: plain\n[1]\n{"time":"own: none","level":"x","msg":7,"a":{"b":1}}\n');
  expect(await arrived(indexer, 'own: ', 1)).toEqual(['6 - own: plain']);
  const [line] = await arrived(indexer, 'a="', 1);
  expect(line).toBe('6 [gw@1 a="{\\"b\\":1}"]');
});

it('there is no stream without a self log that is ingested', () => {
  const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'], selfIngest: false });
  expect(() => muxer.logStream()).toThrow(ConfigurationError);
});
