// Writes without ever waiting until that is refused, while no indexer is there; says what came of it.
import { IngestMuxer } from '@ringest/core';

process.on('unhandledRejection', () => {});
const targets = ['tcp://127.0.0.1:1', 'tcp://127.0.0.1:2'];
const muxer = new IngestMuxer({ targets, secret: 'x', tags: ['test'], closeTimeout: 10 });
muxer.start();
const data = 'x'.repeat(Number(process.argv[2]));
let code;
while (code === undefined) {
  try {
    muxer.writeEntry({ timestamp: 0, tag: 0, data });
  } catch (error) {
    code = error.code;
  }
}
const { backlogEntries } = muxer.stats();
const { unconfirmed } = await muxer.close();
process.stdout.write(`${JSON.stringify({ code, backlogEntries, unconfirmed })}\n`);
