import type { SeededRandom } from '../shared/random.js';

export const USERS =
  'root admin deploy backup alice bob carol dmitri eve fatima georg hana ivan'.split(' ');
const PATHS = ['orders', 'users', 'invoices', 'sessions', 'search', 'reports/daily', 'devices'];
export const METHODS = ['GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE'];
export const STATUSES = [200, 200, 200, 201, 204, 301, 304, 401, 403, 404, 500, 503];
export const LEVELS = ['debug', 'info', 'info', 'info', 'warn', 'error'];
export const AGENTS = [
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

export function below(random: SeededRandom, end: number): number {
  return Math.floor(random.uniform() * end);
}

export function pick<Value>(random: SeededRandom, values: readonly Value[]): Value {
  return values[below(random, values.length)] as Value;
}

export function address(random: SeededRandom): string {
  const [b, c, d] = [below(random, 256), below(random, 256), below(random, 254) + 1];
  return random.uniform() < 0.5
    ? `10.${b % 8}.${c}.${d}`
    : `${11 + below(random, 200)}.${b}.${c}.${d}`;
}

export function port(random: SeededRandom): number {
  return 1024 + below(random, 64_512);
}

export function path(random: SeededRandom): string {
  return `/api/v1/${pick(random, PATHS)}/${below(random, 1_000_000)}`;
}

/** So many words of 32 bits. */
export function hex(random: SeededRandom, words: number): string {
  const word = () =>
    below(random, 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return Array.from({ length: words }, word).join('');
}

/** What an application says of a request. */
export function remark(random: SeededRandom): string {
  return (
    `${pick(random, MESSAGES)} user=${pick(random, USERS)} request=${hex(random, 2)} ` +
    `took=${below(random, 5000)}ms`
  );
}
