// Reads standard input as `ringest ship` does. While it writes the first chunk, it waits until more was read
// ahead, and stops reading then. It prints what it has written.
import { setTimeout as sleep } from 'node:timers/promises';
import { EntryAccount, readInput } from 'ringest/internal';

const stopping = new AbortController();
let written = '';

const stream = {
  async write(chunk) {
    written += chunk;
    if (stopping.signal.aborted) return;
    process.stderr.write('writing\n');
    while (process.stdin.readableLength === 0) await sleep(5);
    stopping.abort();
  },
  async end() {},
};

const isWhole = await readInput('-', stream, new EntryAccount(), stopping.signal);
process.stdout.write(JSON.stringify({ written, isWhole }));
