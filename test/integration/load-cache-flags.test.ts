import { expect, it } from 'vitest';
import { loadFailure } from '../support/load-here.js';

it.each([
  ['when to sync no cache', ['--cache-sync', 'never'], '--cache-sync is about the cache'],
  ['a size of no cache', ['--cache-max-bytes', '2000000'], '--cache-max-bytes is about the cache'],
  ['kills without a cache', ['--kill-every', '1s'], '--kill-every is about the cache'],
  ['an unknown mode', ['--cache-mode', 'never'], 'Allowed choices are fail, always, journal'],
  ['an odd time to sync', ['--cache-sync', 'often'], '--cache-sync'],
  ['a cache that is too small', ['--cache-max-bytes', '1048575'], '--cache-max-bytes'],
  [
    'kills of a load that ends by the clock',
    ['--cache-mode', 'journal', '--kill-every', '1s', '--duration', '9s'],
    '--kill-every cannot be used with --duration: it spreads --entry-count entries',
  ],
  [
    'kills of a load of which nobody keeps account',
    ['--cache-mode', 'journal', '--kill-every', '1s', '--clear-conns', '127.0.0.1:1'],
    '--kill-every cannot be used with --clear-conns: the account of an embedded indexer',
  ],
  [
    'a folder that is none',
    ['--cache-path', '/dev/null', '--clear-conns', '127.0.0.1:1'],
    'could not be opened',
  ],
])('load refuses %s', async (_what, flags, message) => {
  expect(await loadFailure(...flags)).toContain(message);
});
