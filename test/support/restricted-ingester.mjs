// An ingester under flags of Node.js that restrict it. Arguments: the address of its indexer, and options.
// Prints one line of JSON: what ended it, or the first loss.
import { IngestMuxer } from '@ringest/core';

const [target, options] = process.argv.slice(2);
const muxer = new IngestMuxer({
  targets: [target],
  secret: 'IngestSecrets',
  tags: ['test'],
  selfIngest: false,
  closeTimeout: 1,
  ...JSON.parse(options),
});

const lost = new Promise((_, reject) => {
  muxer.once('lost', reject);
  muxer.once('error', reject);
});

async function ingest() {
  muxer.start();
  await muxer.waitForHot();
  muxer.writeEntry({ timestamp: 0, tag: muxer.getTag('test'), data: 'a' });
  await muxer.sync();
  return { isConfirmed: true };
}

const end = await Promise.race([ingest(), lost]).catch(({ code, trouble, message }) => ({
  code,
  trouble,
  message,
}));
console.log(JSON.stringify(end));
await muxer.close();
