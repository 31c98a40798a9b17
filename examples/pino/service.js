// A service whose log goes to Gravwell by pino's own thread: `node service.js 8080`.
import { createServer } from 'node:http';
import { pino } from 'pino';

const [port = '8080'] = process.argv.slice(2);
const { INGEST_TARGET = 'tcp://127.0.0.1:4023', INGEST_SECRET = 'IngestSecrets' } = process.env;

const logger = pino({
  transport: {
    target: '@ringest/pino',
    options: {
      tag: 'service',
      fields: ['level', 'path'], // become enumerated values of the entry
      muxer: { targets: [INGEST_TARGET], secret: INGEST_SECRET },
    },
  },
});

const server = createServer((request, response) => {
  logger.info({ method: request.method, path: request.url }, 'request');
  response.end('hello\n');
});
server.listen(Number(port), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

// Without the server the process ends, and pino waits at its exit until its thread has delivered.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close());
