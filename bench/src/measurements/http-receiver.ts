import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A process: an HTTP server that answers 200 once it has read the body of a request. It sends its parent
 * its port, and the number of lines so far for each message.
 */
const LINE_FEED = 10;
let lines = 0;

const server = createServer((request, response) => {
  request.on('data', (chunk: Buffer) => {
    for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, at + 1))
      lines++;
  });
  request.on('end', () => response.end());
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('message', () => process.send?.(lines));
