// Receives entries by HTTP, and answers 200 only when an indexer has confirmed them: `node receiver.js 8080`.
//   curl --data-binary 'an entry' -H 'content-type: text/plain' http://127.0.0.1:8080/tags/web
import { IngestMuxer, InvalidTagError, Timestamp } from '@ringest/core';
import fastify from 'fastify';

const [port = '8080'] = process.argv.slice(2);
const { INGEST_TARGET = 'tcp://127.0.0.1:4023', INGEST_SECRET = 'IngestSecrets' } = process.env;

const muxer = new IngestMuxer({ targets: [INGEST_TARGET], secret: INGEST_SECRET });
muxer.on('error', (error) => console.error(error.message));
muxer.start();

const server = fastify();
server.post('/tags/:tag', async ({ params, body, ip }, reply) => {
  const tag = muxer.negotiateTag(params.tag);
  await muxer.writeEntry({ timestamp: Timestamp.now(), tag, data: `${body}`, source: ip });
  // Many requests may wait for their barriers at a time.
  await muxer.barrier({ timeout: 30_000 });
  return reply.send('confirmed\n');
});
server.setErrorHandler((error, _, reply) => {
  // A sender tries again after a 503. It may get its entry in twice, and never loses it.
  const status = error instanceof InvalidTagError ? 400 : (error.statusCode ?? 503);
  reply.code(status).send(`${error.message}\n`);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await server.close();
    await muxer.close();
  });
}
console.log(`listening on ${await server.listen({ host: '127.0.0.1', port: Number(port) })}`);
