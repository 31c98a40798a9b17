import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** What a client asks. */
export interface KafkaRequest {
  /** The number of the kind of request in Kafka's protocol. */
  readonly kind: number;
  /** What follows the header. */
  readonly body: Buffer;
}

const API_VERSIONS = 18;

export const int16 = (value: number): Buffer => Buffer.of(value >> 8, value & 255);
export const int32 = (value: number): Buffer => Buffer.of(0, 0, value >> 8, value & 255);
export const text = (value: string): Buffer =>
  Buffer.concat([int16(value.length), Buffer.from(value)]);

/**
 * A server that answers requests of Kafka's protocol as a test says, until the test is finished.
 * @param kinds the kinds of requests that it knows, with the versions from and to which it does
 * @param make makes the server, such as one that speaks TLS
 * @returns its port
 */
export async function scriptedBroker(
  kinds: readonly (readonly [kind: number, from: number, to: number])[],
  answer: (request: KafkaRequest) => Buffer,
  make: (listener: (socket: Socket) => void) => Server = (listener) => createServer(listener),
): Promise<number> {
  const known = [[API_VERSIONS, 0, 2] as const, ...kinds];
  const versions = (version: number) =>
    Buffer.concat([
      ...[int16(0), int32(known.length), ...known.flatMap((api) => api.map(int16))],
      ...(version > 0 ? [int32(0)] : []),
    ]);
  const server = make((socket) => {
    let rest: Buffer = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE()) {
        const request = rest.subarray(4, 4 + rest.readInt32BE());
        rest = rest.subarray(4 + request.length);
        const [kind, version] = [request.readInt16BE(0), request.readInt16BE(2)];
        const body = request.subarray(10 + request.readInt16BE(8));
        const said = kind === API_VERSIONS ? versions(version) : answer({ kind, body });
        socket.write(Buffer.concat([int32(said.length + 4), request.subarray(4, 8), said]));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}
