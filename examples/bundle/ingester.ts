// An ingester in TypeScript, which build.js packs into one file: that runs without node_modules.
import { IngestMuxer, type MuxerConfiguration, Timestamp } from '@ringest/core';

const { INGEST_TARGET = 'tcp://127.0.0.1:4023', INGEST_SECRET = 'IngestSecrets' } = process.env;
const configuration: MuxerConfiguration = {
  targets: [INGEST_TARGET],
  secret: INGEST_SECRET,
  tags: ['bundle'],
};

await using muxer = new IngestMuxer(configuration);
muxer.start();
await muxer.waitForHot({ timeout: 10_000 });
await muxer.writeEntry({
  timestamp: Timestamp.now(),
  tag: muxer.getTag('bundle'),
  data: 'from one file',
});
await muxer.sync({ timeout: 10_000 });
console.log('confirmed');
