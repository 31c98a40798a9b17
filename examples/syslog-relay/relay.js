// Relays syslog that comes by UDP and TCP: `node relay.js 5514`. Over TCP, each line is a message.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { IngestMuxer, Timestamp } from '@ringest/core';

const [port = '5514'] = process.argv.slice(2);
const { INGEST_TARGET = 'tcp://127.0.0.1:4023', INGEST_SECRET = 'IngestSecrets' } = process.env;

const muxer = new IngestMuxer({
  targets: [INGEST_TARGET],
  secret: INGEST_SECRET,
  tags: ['syslog'],
});
muxer.on('error', (error) => console.error(error.message));
muxer.start();
const tag = muxer.getTag('syslog');

/** Sockets, and the promises that resolve when all of their lines are written. */
const streams = new Map();
const tcp = createServer((socket) => {
  const lines = muxer.lineWriter({ tag, source: socket.remoteAddress });
  const written = pipeline(socket, async (chunks) => {
    // Where there is no room, the sender waits.
    for await (const chunk of chunks) await lines.write(chunk);
  })
    .catch((error) => console.error(error.message))
    .then(() => lines.end())
    .finally(() => streams.delete(socket));
  streams.set(socket, written);
});
tcp.listen(Number(port), '127.0.0.1');
await once(tcp, 'listening');

const udp = createSocket('udp4');
let dropped = 0;
udp.on('message', (data, { address }) => {
  // A sender by UDP cannot wait: what finds no room is dropped, and counted.
  if (muxer.willBlock(data.length)) dropped++;
  else muxer.writeEntry({ timestamp: Timestamp.now(), tag, data, source: address });
});
udp.bind(tcp.address().port, '127.0.0.1');
await once(udp, 'listening');
console.log(`listening on ${tcp.address().port}`);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    udp.close();
    tcp.close();
    for (const socket of streams.keys()) socket.destroySoon();
    await Promise.all(streams.values());
    await muxer.close();
    console.log(`${dropped} datagrams dropped`);
  });
}
