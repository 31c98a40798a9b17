// A muxer between a hostile indexer and an honest one, which writes an entry every other millisecond.
// Arguments: the address of the hostile one, that of the honest one, the compression of the former.
// Says `ready` once it is settled; at SIGTERM it has everything confirmed, and prints how much its
// memory has grown at most since then, in bytes, and why connections were lost.
import { IngestMuxer } from '@ringest/core';

const WARM_UP = 5000;
const INTERVAL_MS = 2;

const [hostile, honest, compression] = process.argv.slice(2);
const muxer = new IngestMuxer({
  targets: [{ address: hostile, compression }, honest],
  secret: 'IngestSecrets',
  tags: ['test'],
  ringBytes: 2 ** 20,
  selfIngest: false,
  workers: 2,
  times: { firstRetry: 1, mostRetry: 1, handshake: 10_000 },
});
const reasons = {};
const errors = [];
muxer.on('lost', ({ reason, target }) => {
  const who = target === honest ? 'honest' : reason;
  reasons[who] = (reasons[who] ?? 0) + 1;
});
muxer.on('error', (error) => errors.push(error.message));
const isHot = new Promise((resolve) => {
  muxer.on('hot', (target) => target === honest && resolve());
});
muxer.start();
await isHot;

const peak = () => process.resourceUsage().maxRSS * 1024;
const write = (i) => muxer.writeEntry({ timestamp: i, tag: 0, data: `entry ${i}` });

let written = 0;
while (written < WARM_UP) await write(written++);
await muxer.sync();
const settled = peak();
const timer = setInterval(() => write(written++), INTERVAL_MS);
process.once('SIGTERM', async () => {
  clearInterval(timer);
  await muxer.sync({ timeout: 20_000 });
  const { confirmedEntries } = muxer.stats();
  const { unconfirmed } = await muxer.close();
  const growth = peak() - settled;
  console.log(JSON.stringify({ growth, written, confirmedEntries, unconfirmed, reasons, errors }));
});
console.log('ready');
