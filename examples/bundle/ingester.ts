// An ingester in TypeScript, which build.js bundles: it runs where @ringest/core is installed.
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
  data: 'from a bundle',
});
await muxer.sync({ timeout: 10_000 });
console.log('confirmed');
