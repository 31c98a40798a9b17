import { TimeExtractor, type TimeOptions } from '@ringest/timestamps';
import { median } from '../shared/median.js';
import { SeededRandom } from '../shared/random.js';
import type { Rounds } from './muxer-run.js';

/** What finding times costs in lines of one kind. */
export interface TimesRow {
  readonly lines: string;
  readonly options: TimeOptions;
  /** Of all lines, how many have a time. */
  readonly found: number;
  readonly nanosecondsPerLine: number;
  /** What the heap grows by. */
  readonly bytesPerLine: number;
}

const LINE_BYTES = 256;
const LINE_COUNT = 4096;

type MakeLine = (time: Date, random: SeededRandom) => string;

/** The beginnings of lines; the rest of each is text without times. */
const KINDS: Readonly<Record<string, MakeLine>> = {
  syslog: (time) => `<38>${monthAndDay(time)} ${clock(time)} web-1 sshd[4711]: `,
  'RFC 3339': (time) => `<38>1 ${time.toISOString()} web-1 sshd 4711 - - `,
  apache: (time) => `10.1.2.3 - alice [${apacheTime(time)}] "GET / HTTP/1.1" 200 `,
  dpkg: (time) => `${time.toISOString().slice(0, 19).replace('T', ' ')} status installed `,
  json: (time) => `{"host":"web-1","pid":4711,"time":"${time.toISOString()}","text":"`,
  'seconds in front': (time) => `${time.getTime() / 1000}\tCHhAvV\t10.1.2.3\t`,
  'syslog and RFC 3339 by turns': (time, random) =>
    random.uniform() < 0.5
      ? `<38>${monthAndDay(time)} ${clock(time)} `
      : `<38>1 ${time.toISOString()} `,
  'no time': () => '[info] web-1 sshd[4711]: ',
  'numbers only': (_, random) =>
    Array.from({ length: 80 }, () => Math.floor(random.uniform() * 100)).join(' '),
};

const ALL: readonly TimeOptions[] = [{}, { zone: 'Europe/Paris' }, { leftMost: true }];

/** Measures how long a line takes: each kind of lines with each set of options. */
export function runTimes({ rounds, duration }: Rounds, tell: (row: TimesRow) => void): TimesRow[] {
  return Object.entries(KINDS).flatMap(([lines, makeLine]) =>
    ALL.map((options) => {
      const row = measure(lines, makeLines(makeLine), options, rounds, duration);
      tell(row);
      return row;
    }),
  );
}

function measure(
  lines: string,
  bytes: Uint8Array,
  options: TimeOptions,
  rounds: number,
  duration: number,
): TimesRow {
  const extractor = new TimeExtractor(options);
  const found = searchAll(extractor, bytes);
  const costs: number[] = [];
  const growth: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const heap = process.memoryUsage().heapUsed;
    const begin = performance.now();
    let count = 0;
    while (performance.now() - begin < duration) {
      searchAll(extractor, bytes);
      count += LINE_COUNT;
    }
    costs.push(((performance.now() - begin) * 1e6) / count);
    growth.push(Math.max(0, process.memoryUsage().heapUsed - heap) / count);
  }
  const [nanosecondsPerLine, bytesPerLine] = [median(costs), median(growth)];
  return { lines, options, found: found / LINE_COUNT, nanosecondsPerLine, bytesPerLine };
}

function searchAll(extractor: TimeExtractor, bytes: Uint8Array): number {
  let found = 0;
  for (let from = 0; from < bytes.length; from += LINE_BYTES) {
    if (extractor.extract(bytes, from, from + LINE_BYTES)) found++;
  }
  return found;
}

function makeLines(makeLine: MakeLine): Uint8Array {
  const random = new SeededRandom(1);
  const text = 'connection pool is exhausted; waiting for a slot user=alice took=12ms '.repeat(4);
  const lines = Array.from({ length: LINE_COUNT }, (_, i) => {
    const time = new Date(Date.UTC(2026, 0, 1) + i * 7_000_000 + 123);
    return (makeLine(time, random) + text).slice(0, LINE_BYTES);
  });
  return Buffer.from(lines.join(''), 'latin1');
}

function clock(time: Date): string {
  return time.toISOString().slice(11, 19);
}

function month(time: Date): string {
  return time.toUTCString().slice(8, 11);
}

function monthAndDay(time: Date): string {
  return `${month(time)} ${`${time.getUTCDate()}`.padStart(2)}`;
}

function apacheTime(time: Date): string {
  const day = time.toUTCString().slice(5, 7);
  return `${day}/${month(time)}/${time.getUTCFullYear()}:${clock(time)} +0000`;
}
