// Ships a stream until SIGTERM: node nats-ingester.mjs SERVER TARGET SECRET. Says what it did, as JSON.

import { connect } from '@nats-io/transport-node';
import { IngestMuxer } from '@ringest/core';
import { JetStreamSource } from '@ringest/nats';

const [servers, target, secret] = process.argv.slice(2);
const connection = await connect({ servers, reconnectTimeWait: 20, maxReconnectAttempts: -1 });
const muxer = new IngestMuxer({ targets: [target], secret, selfIngest: false });
muxer.start();
const source = await JetStreamSource.open(muxer, {
  connection,
  stream: 'events',
  consumer: 'ingest',
  tag: 'test',
});
process.once('SIGTERM', () => source.stop());
process.stderr.write('running\n');
await source.run();
await muxer.close();
await connection.close();
process.stdout.write(`${JSON.stringify(source.stats())}\n`);
