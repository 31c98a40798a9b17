import type { SeededRandom } from '../shared/random.js';
import { fittedText } from './fitted-text.js';
import { NO_DIGITS } from './sequence-number.js';
import { address, below, hex, LEVELS, METHODS, path, pick, STATUSES, USERS } from './vocabulary.js';

// Data with a structure that a reader can check, as long as it is to be to the byte. Each piece has
// the ten digits of its sequence number at the same place.

const SHORT_SYSLOG = `<14>1 - - - ${NO_DIGITS} - -`;
const JSON_HEAD = `{"seq":"${NO_DIGITS}"`;
const JSON_MESSAGE = ',"message":"';

/** The longest columns of CSV before the message come to less. */
const FULL_CSV = 200;

export const LEAST_SYSLOG = SHORT_SYSLOG.length;
export const LEAST_JSON = JSON_HEAD.length + 1;
export const LEAST_CSV = NO_DIGITS.length;

/**
 * A message of RFC 5424. The number is an element of its structured data; where there is no room for
 * that, it is the process id.
 */
export function syslogMessage(random: SeededRandom, time: Date, bytes: number): Buffer {
  const full = fullSyslog(random, time);
  const head = full.length <= bytes ? full : SHORT_SYSLOG;
  return fittedText(random, bytes, bytes > head.length ? `${head} ` : head);
}

/** The offset of the digits in a message of RFC 5424. Only fields of a fixed length are before them. */
export function syslogOffset(bytes: number): number {
  const head = FULL_SYSLOG_HEAD.length <= bytes ? FULL_SYSLOG_HEAD : SHORT_SYSLOG;
  return head.indexOf(NO_DIGITS);
}

/** An object of JSON, with as many members as there is room for. */
export function jsonObject(random: SeededRandom, time: Date, bytes: number): Buffer {
  const members = {
    time: time.toISOString(),
    level: pick(random, LEVELS),
    host: host(random),
    pid: below(random, 32768),
    user: pick(random, USERS),
    src: address(random),
    method: pick(random, METHODS),
    path: path(random),
    status: pick(random, STATUSES),
    bytes: below(random, 100_000),
    tookMs: below(random, 50_000) / 10,
    trace: hex(random, 2),
  };
  let head = JSON_HEAD;
  for (const [name, value] of Object.entries(members)) {
    const member = `,"${name}":${JSON.stringify(value)}`;
    if (head.length + member.length < bytes) head += member;
  }
  const room = bytes - head.length - 1;
  if (room < JSON_MESSAGE.length + 1) return Buffer.from(`${head.padEnd(bytes - 1)}}`, 'latin1');
  return fittedText(random, bytes, `${head}${JSON_MESSAGE}`, '"}');
}

/** The offset of the digits in an object of JSON. */
export const JSON_OFFSET = JSON_HEAD.indexOf(NO_DIGITS);

/**
 * A record of CSV (RFC 4180), without the end of its line. All records of a length have the same
 * number of fields; the last is quoted, where there is room for quotes.
 */
export function csvRecord(random: SeededRandom, time: Date, bytes: number): Buffer {
  if (bytes < FULL_CSV) return shortCsv(random, bytes);
  const fields = [
    NO_DIGITS,
    time.toISOString(),
    pick(random, LEVELS),
    host(random),
    pick(random, USERS),
    address(random),
    pick(random, METHODS),
    path(random),
    pick(random, STATUSES),
    below(random, 100_000),
    `"said ""${pick(random, LEVELS)}"", `,
  ];
  return fittedText(random, bytes, fields.join(','), '"');
}

function shortCsv(random: SeededRandom, bytes: number): Buffer {
  const room = bytes - NO_DIGITS.length;
  if (room === 0) return Buffer.from(NO_DIGITS);
  if (room < 3) return fittedText(random, bytes, `${NO_DIGITS},`);
  return fittedText(random, bytes, `${NO_DIGITS},"`, '"');
}

function fullSyslog(random: SeededRandom, time: Date): string {
  return syslogHead(
    // Two digits: from mail.emerg to ftp.debug.
    16 + below(random, 80),
    time,
    host(random),
    pick(random, PROGRAMS),
    10_000 + below(random, 22_768),
  );
}

const PROGRAMS = ['sshd', 'cron', 'sudo', 'dhcp', 'vpnd', 'smtp'];

/** 32473 is the enterprise number for examples (RFC 5612). */
function syslogHead(priority: number, time: Date, from: string, program: string, pid: number) {
  const header = `<${priority}>1 ${time.toISOString()} ${from} ${program} ${pid}`;
  return `${header} - [ringest@32473 seq="${NO_DIGITS}"]`;
}

const FULL_SYSLOG_HEAD = syslogHead(16, new Date(0), 'web-00', 'sshd', 10_000);

function host(random: SeededRandom): string {
  return `web-${`${below(random, 40)}`.padStart(2, '0')}`;
}
