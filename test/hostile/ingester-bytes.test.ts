import type { IndexerTag } from '@ringest/codec';
import { ConnectionLostError, EntryReader } from '@ringest/indexer';
import { describe, expect, it } from 'vitest';
import { Siege } from '../support/hostile-siege.js';
import { MemoryStream } from '../support/memory-stream.js';
import { SECRET } from '../support/muxer.js';
import { Random } from '../support/random.js';
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

/** What a reader takes and says that hears these bytes, and then the end. */
async function hear(bytes: Uint8Array) {
  const taken: number[] = [];
  const stream = new MemoryStream();
  const reader = new EntryReader(stream, {
    onEntry: (entry) => {
      taken.push(entry.id);
    },
    negotiateTag: () => 500 as IndexerTag,
  });
  stream.receive(bytes);
  stream.receiveEnd();
  const error = await reader.run().then(
    () => undefined,
    (reason) => reason,
  );
  return { taken, error, said: stream.output };
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
    const handshake = recorded(name, 'indexer').slice(0, 3);
    for (let length = 0; length <= hot.length; length++) {
      const prefix = hot.subarray(0, length);
      const { taken, error, said } = await hear(prefix);
      const whole = readIngesterSide([answer, begin, prefix]);
      const ids = whole.flatMap((message) => (message.kind === 'entry' ? [message.id] : []));
      expect(taken, `${length} bytes`).toEqual(ids);
      const confirmed = readIndexerSide([...handshake, said]).flatMap((message) =>
        message.kind === 'confirmEntry' ? [message.id] : [],
      );
      expect(confirmed, `${length} bytes`).toEqual(ids);
      if (error !== undefined) expect(error, `${length} bytes`).toBeInstanceOf(ConnectionLostError);
    }
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
