import { createCipheriv, createHash } from 'node:crypto';
import { SeededRandom } from './random.js';

/** What the data of a load is like. */
export const CONTENTS = ['random', 'text', 'json'] as const;

/**
 * `random`: bytes that cannot be compressed. `text`: lines of logs. `json`: records, one a line.
 * Lines follow each other until the data is full, and the last is cut off.
 */
export type Content = (typeof CONTENTS)[number];

/**
 * Makes data that depends on the content and the seed only, each piece another, in memory of its own.
 * Text is made of lines as they come in the field: a few forms, in which names, addresses, numbers
 * and times vary.
 */
export function contentMaker(content: Content, seed: number): (bytes: number) => Buffer {
  if (content === 'random') return randomBytes(seed);
  const random = new SeededRandom(seed);
  const clock = { milliseconds: Date.UTC(2026, 10, 22) };
  const makeLine = content === 'text' ? textLine : jsonLine;
  return (bytes) => {
    const data = alignedBuffer(bytes);
    for (let at = 0; at < bytes; ) {
      clock.milliseconds += Math.ceil(random.uniform() * 250);
      at += data.write(makeLine(random, new Date(clock.milliseconds)), at, 'latin1');
    }
    return data;
  };
}

/** The key stream of AES in counter mode. */
function randomBytes(seed: number): (bytes: number) => Buffer {
  const key = createHash('sha256').update(`${seed}`).digest();
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  return (bytes) => {
    const data = alignedBuffer(bytes);
    cipher.update(Buffer.alloc(bytes)).copy(data);
    return data;
  };
}

/** Not a piece of the pool: aligned, which the view of a sequence number needs. */
function alignedBuffer(bytes: number): Buffer {
  return Buffer.from(new ArrayBuffer(bytes));
}

const USERS = 'root admin deploy backup alice bob carol dmitri eve fatima georg hana ivan'.split(
  ' ',
);
const PATHS = ['orders', 'users', 'invoices', 'sessions', 'search', 'reports/daily', 'devices'];
const METHODS = ['GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE'];
const STATUSES = [200, 200, 200, 201, 204, 301, 304, 401, 403, 404, 500, 503];
const LEVELS = ['debug', 'info', 'info', 'info', 'warn', 'error'];
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36',
  'curl/8.8.0',
  'python-requests/2.32.3',
];
const MESSAGES = [
  'request completed',
  'upstream did not answer in time',
  'cache miss, asking the origin',
  'token is about to expire',
  'retrying after a temporary failure',
  'connection pool is exhausted, waiting for a slot',
];

function textLine(random: SeededRandom, time: Date): string {
  const stamp = time.toISOString();
  const host = `web-${below(random, 40)}`;
  switch (below(random, 5)) {
    case 0:
      return (
        `<38>${stamp} ${host} sshd[${below(random, 32768)}]: Failed password for ` +
        `${pick(random, USERS)} from ${address(random)} port ${port(random)} ssh2\n`
      );
    case 1:
      return (
        `<38>${stamp} ${host} sshd[${below(random, 32768)}]: Accepted publickey for ` +
        `${pick(random, USERS)} from ${address(random)} port ${port(random)}: SHA256:${hex(random, 4)}\n`
      );
    case 2:
      return (
        `<4>${stamp} ${host} kernel: [${(random.uniform() * 1e6).toFixed(6)}] DROP IN=eth0 ` +
        `SRC=${address(random)} DST=${address(random)} LEN=${below(random, 1500)} TTL=64 ` +
        `ID=${below(random, 65536)} PROTO=TCP SPT=${port(random)} DPT=${port(random)} SYN\n`
      );
    case 3:
      return (
        `<30>${stamp} ${host} app[${below(random, 32768)}]: ${pick(random, MESSAGES)} ` +
        `user=${pick(random, USERS)} request=${hex(random, 2)} took=${below(random, 5000)}ms\n`
      );
    default:
      return (
        `${address(random)} - ${pick(random, USERS)} [${stamp}] "${pick(random, METHODS)} ` +
        `${path(random)} HTTP/1.1" ${pick(random, STATUSES)} ${below(random, 100_000)} "-" ` +
        `"${pick(random, AGENTS)}"\n`
      );
  }
}

function jsonLine(random: SeededRandom, time: Date): string {
  const record = {
    time: time.toISOString(),
    level: pick(random, LEVELS),
    host: `web-${below(random, 40)}`,
    pid: below(random, 32768),
    user: pick(random, USERS),
    src: address(random),
    method: pick(random, METHODS),
    path: path(random),
    status: pick(random, STATUSES),
    bytes: below(random, 100_000),
    tookMs: below(random, 50_000) / 10,
    trace: hex(random, 2),
    message: pick(random, MESSAGES),
  };
  return `${JSON.stringify(record)}\n`;
}

function below(random: SeededRandom, end: number): number {
  return Math.floor(random.uniform() * end);
}

function pick<Value>(random: SeededRandom, values: readonly Value[]): Value {
  return values[below(random, values.length)] as Value;
}

function address(random: SeededRandom): string {
  const [b, c, d] = [below(random, 256), below(random, 256), below(random, 254) + 1];
  return random.uniform() < 0.5
    ? `10.${b % 8}.${c}.${d}`
    : `${11 + below(random, 200)}.${b}.${c}.${d}`;
}

function port(random: SeededRandom): number {
  return 1024 + below(random, 64_512);
}

function path(random: SeededRandom): string {
  return `/api/v1/${pick(random, PATHS)}/${below(random, 1_000_000)}`;
}

/** So many words of 32 bits. */
function hex(random: SeededRandom, words: number): string {
  const word = () =>
    below(random, 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return Array.from({ length: words }, word).join('');
}
