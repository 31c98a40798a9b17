import { CacheLink } from '@ringest/cache';

// Appends numbered blocks to the cache in a folder, and writes a line for each number that is told as
// stored, until the process is killed.
const [path, sync] = process.argv.slice(2);
let number = 0;
const link = new CacheLink({
  path,
  muxer: 'm',
  maxSegmentBytes: 100_000,
  maxBytes: 2 ** 40,
  whenFull: 'wait',
  sync: JSON.parse(sync),
  tags: ['a'],
  events: {
    stored: ({ key, memory }) => {
      process.stdout.write(`${key}\n`);
      Buffer.from(memory).fill('garbage');
      append();
    },
  },
});
// The cache does not keep the process alive.
setInterval(() => {}, 60_000);
for (let block = 0; block < 20; block++) append();

function append() {
  const content = Buffer.alloc(1000, `<${++number}>`);
  const memory = new SharedArrayBuffer(content.length);
  content.copy(Buffer.from(memory));
  link.append({ memory, offset: 0, bytes: content.length, count: 1 });
}
