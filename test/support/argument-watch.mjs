// Imported before a program. Its hooks run as each module of the program is about to be loaded, and
// write down those at which the secret is still among the arguments that the system keeps.
import { appendFileSync, readFileSync } from 'node:fs';
import { register } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const { WATCHED_SECRET = '', WATCHED_LOG = '' } = process.env;

if (isMainThread) register(import.meta.url);

export function load(url, context, nextLoad) {
  const isShown = readFileSync('/proc/self/cmdline', 'latin1').includes(WATCHED_SECRET);
  appendFileSync(WATCHED_LOG, `${isShown ? 'shown' : 'hidden'} ${url}\n`);
  return nextLoad(url, context);
}
