import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { IndexerTag } from '@ringest/codec';
import { ConnectionLostError, EntryReader } from '@ringest/indexer';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Random } from '../fuzz/random.js';
import { Changes } from '../support/changes.js';
import { Siege } from '../support/hostile-siege.js';
import { SECRET } from '../support/muxer.js';
import {
  readIndexerSide,
  readIngesterSide,
  recorded,
  SESSIONS,
  type SessionName,
} from '../support/sessions.js';

const SEEDS = 6;
/** Connections at a time. */
const ABREAST = 16;
/** Bytes of the recorded states HOT; what follows in the same write is for the reader. */
const STATE_BYTES = 27;

/** A recorded ingester's side in three: its answer, tags and state, and what is for the reader. */
function parts(name: SessionName) {
  const [answer = Buffer.alloc(0), tags = Buffer.alloc(0), ...rest] = recorded(name, 'ingester');
  const hot = Buffer.concat(rest);
  return {
    answer,
    begin: Buffer.concat([tags, hot.subarray(0, STATE_BYTES)]),
    hot: hot.subarray(STATE_BYTES),
  };
}

/** All of a list, some of them at a time. */
async function abreast(count: number, run: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: ABREAST }, worker));
}

/** Readers on real sockets, and how each connection ended, by the port of the ingester. */
async function readers() {
  const results = new Map<number, { readonly taken: number[]; readonly error: unknown }>();
  const changes = new Changes();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, async (socket) => {
    const taken: number[] = [];
    const { remotePort = 0 } = socket;
    const reader = new EntryReader(socket, {
      onEntry: (entry) => taken.push(entry.id),
      negotiateTag: () => 500 as IndexerTag,
    });
    const error = await reader.run().then(
      () => undefined,
      (reason) => reason,
    );
    results.set(remotePort, { taken, error });
    changes.tell();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const result = async (localPort: number) => {
    await changes.until('the end of a reader', () => results.has(localPort));
    return results.get(localPort);
  };
  return { port, result };
}

async function hangUpAfter(port: number, bytes: Uint8Array) {
  const socket: Socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const said: Buffer[] = [];
  socket.on('data', (chunk) => said.push(chunk));
  await once(socket, 'connect');
  const { localPort = 0 } = socket;
  socket.end(bytes);
  await once(socket, 'close');
  return { localPort, said: Buffer.concat(said) };
}

describe('an ingester that replays a recorded session and hangs up', () => {
  it('at any byte of its answer is noticed', async () => {
    const siege = await Siege.begin();
    const answers = [parts('session-plain').answer, parts('session-tenant').answer];
    for (const answer of answers) {
      await abreast(answer.length + 1, async (length) => {
        const client = await siege.connect();
        client.socket.end(answer.subarray(0, length));
        const code = (await siege.refusal(client))?.code;
        // A whole answer may be found wrong before the end comes.
        if (length < answer.length) expect(code, `${length} bytes`).toBe('ERR_CONNECTION_LOST');
        else expect(['ERR_AUTHENTICATION', 'ERR_CONNECTION_LOST']).toContain(code);
      });
    }
    await siege.expectNoHarm();
  });

  it('at any byte between its answer and its state is noticed', async () => {
    const siege = await Siege.begin({ tags: ['test', 'syslog'] });
    const { begin } = parts('session-plain');
    // Each has an answer hashed, which is made to take its time.
    await abreast(begin.length, async (length) => {
      const client = await siege.connect();
      await client.authenticate(SECRET);
      client.socket.end(begin.subarray(0, length));
      const code = (await siege.refusal(client))?.code;
      expect(code, `${length} bytes`).toBe('ERR_CONNECTION_LOST');
    });
    await siege.expectNoHarm();
  });

  it.each(SESSIONS)('at any byte after that has all confirmed that was whole: %s', async (name) => {
    const { answer, begin, hot } = parts(name);
    const { port, result } = await readers();
    const handshake = recorded(name, 'indexer').slice(0, 3);
    await abreast(hot.length + 1, async (length) => {
      const prefix = hot.subarray(0, length);
      const { localPort, said } = await hangUpAfter(port, prefix);
      const whole = readIngesterSide([answer, begin, prefix]);
      const ids = whole.flatMap((message) => (message.kind === 'entry' ? [message.id] : []));
      const { taken, error } = (await result(localPort)) ?? {};
      expect(taken, `${length} bytes`).toEqual(ids);
      const confirmed = readIndexerSide([...handshake, said]).flatMap((message) =>
        message.kind === 'confirmEntry' ? [message.id] : [],
      );
      expect(confirmed, `${length} bytes`).toEqual(ids);
      if (error !== undefined) expect(error, `${length} bytes`).toBeInstanceOf(ConnectionLostError);
    });
  });
});

describe('a hot ingester that says anything', () => {
  it.each([
    ['plain', false],
    ['compressed', true],
  ])('is turned away: %s', async (_how, isCompressed) => {
    const siege = await Siege.begin();
    for (let seed = 0; seed < SEEDS; seed++) {
      const random = new Random(seed);
      const { client } = await siege.hot();
      if (isCompressed) await client.compress();
      client.socket.end(random.bytes(1 + random.below(3000)));
      const code = (await siege.refusal(client))?.code;
      const expected = ['ERR_UNKNOWN_COMMAND', 'ERR_DECODE', 'ERR_LIMIT', 'ERR_CONNECTION_LOST'];
      expect(expected, `seed ${seed}`).toContain(code);
    }
    await siege.expectNoHarm();
  });
});
