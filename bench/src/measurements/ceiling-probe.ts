import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  API_VERSION,
  answerChallenge,
  CONFIRM_ENTRY_BYTES,
  Command,
  Compression,
  encodeApiVersion,
  encodeChallengeResponse,
  encodeEntry,
  encodeIngestOk,
  encodeState,
  encodeStreamConfiguration,
  encodeTagRequest,
  FRAME_BYTES,
  FRAME_ID_OFFSET,
  HEADER_BYTES,
  hashSecret,
  type IndexerMessage,
  IndexerStreamDecoder,
  State,
} from '@ringest/codec';

/** Bytes of frames that are made beforehand and written over and over. */
const BLOCK_BYTES = 262144;
/** Bytes that wait in the socket at most. */
const MAX_WAITING = 1048576;

/**
 * The ceiling: what one thread can bring to an indexer when it has nothing to do but write. Frames
 * are made beforehand; every entry written is confirmed before the clock stops.
 *
 * @param address `tcp://host:port`
 * @param milliseconds how long to write
 * @returns entries a second
 */
export async function probeCeiling(
  address: string,
  secret: string,
  entryBytes: number,
  milliseconds: number,
): Promise<number> {
  const { hostname, port } = new URL(address);
  let confirmedBytes = 0;
  let settled = () => {};
  let received = (_chunk: Uint8Array) => {};
  const buffer = Buffer.alloc(65536);
  const socket = connect({
    host: hostname,
    port: Number(port),
    noDelay: true,
    onread: {
      buffer,
      callback(bytes) {
        received(buffer.subarray(0, bytes));
        return true;
      },
    },
  });
  const lost = new Promise<never>((_, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the indexer closed the connection of the probe')));
  });
  lost.catch(() => {});
  try {
    const tag = await greet(socket, secret, (handler) => {
      received = handler;
    });
    received = (chunk) => {
      confirmedBytes += chunk.length;
      settled();
    };
    const { block, entries } = makeBlock(tag, entryBytes);
    const start = performance.now();
    let sent = 0;
    while (performance.now() - start < milliseconds) {
      sent += entries;
      if (!socket.write(block) && socket.writableLength > MAX_WAITING)
        await Promise.race([once(socket, 'drain'), lost]);
      else if ((sent / entries) % 16 === 0) await new Promise(setImmediate);
    }
    const confirmed = new Promise<void>((resolve) => {
      settled = () => confirmedBytes >= sent * CONFIRM_ENTRY_BYTES && resolve();
      settled();
    });
    await Promise.race([confirmed, lost]);
    return (sent / (performance.now() - start)) * 1000;
  } finally {
    socket.destroy();
  }
}

/** A handshake without identification. Returns the indexer's number of the tag. */
function greet(
  socket: Socket,
  secret: string,
  read: (handler: (chunk: Uint8Array) => void) => void,
): Promise<number> {
  const decoder = new IndexerStreamDecoder();
  let tag = 0;
  const answer = (message: IndexerMessage): Buffer | undefined => {
    switch (message.kind) {
      case 'challenge':
        return encodeChallengeResponse(answerChallenge(message, hashSecret(secret)));
      case 'state':
        if (message.id !== State.authenticated) throw new Error('the indexer refused the secret');
        return encodeTagRequest(['ceiling']);
      case 'tagResponse':
        tag = message.tags.get('ceiling') as number;
        return Buffer.concat([
          encodeState({ id: State.hot, info: '' }),
          encodeApiVersion(API_VERSION),
        ]);
      case 'confirmApiVersion':
        return encodeIngestOk();
      case 'confirmIngestOk':
        decoder.expectStreamConfiguration();
        return encodeStreamConfiguration(Compression.none);
      default:
        return undefined;
    }
  };
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    read((chunk) => {
      try {
        decoder.push(chunk);
        for (let message = decoder.next(); message !== undefined; message = decoder.next()) {
          const reply = answer(message);
          if (reply !== undefined) socket.write(reply);
          else if (message.kind === 'streamConfiguration') resolve(tag);
        }
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** As many equal frames as a block holds, with ids from 1 on. */
function makeBlock(tag: number, entryBytes: number): { block: Buffer; entries: number } {
  const timestamp = { seconds: 1_700_000_000, nanoseconds: 0 };
  const data = Buffer.alloc(entryBytes, 'x');
  const entry = encodeEntry({ timestamp, tag, data, source: '127.0.0.1' });
  const entries = Math.max(1, Math.floor(BLOCK_BYTES / (FRAME_BYTES + entryBytes)));
  const block = Buffer.alloc(entries * (FRAME_BYTES + entryBytes));
  for (let i = 0; i < entries; i++) {
    const frame = block.subarray(i * (FRAME_BYTES + entryBytes));
    frame.writeUInt32LE(Command.newEntry, 0);
    entry.copy(frame, 4, 0, HEADER_BYTES);
    frame.writeUInt32LE(i + 1, FRAME_ID_OFFSET);
    entry.copy(frame, FRAME_BYTES, HEADER_BYTES);
  }
  return { block, entries };
}
