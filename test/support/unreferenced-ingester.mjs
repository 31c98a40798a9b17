// An ingester that does not keep its process alive. Arguments: the address of its indexer, a folder for a
// cache or '', and what ends it.
import { IngestMuxer } from '@ringest/core';

const [target, path, end] = process.argv.slice(2);
const muxer = new IngestMuxer({
  targets: [target],
  secret: 'IngestSecrets',
  tags: ['test'],
  selfIngest: false,
  ...(path !== '' && { cache: { path, mode: 'fail' } }),
});
if (end === 'before start') muxer.unref();
muxer.start();
if (end !== 'before start') await muxer.waitForHot({ timeout: 45_000 });
muxer.writeEntry({ timestamp: 0, tag: muxer.getTag('test'), data: 'a' });
if (end === 'beforeExit') {
  process.once('beforeExit', async () => console.log(JSON.stringify(await muxer.close())));
}
if (end === 'ref') {
  muxer.unref().ref();
  // It counts only while something else keeps the process alive.
  let turns = 0;
  setInterval(() => console.log(`turn ${++turns}`), 10).unref();
} else muxer.unref();
console.log('running');
