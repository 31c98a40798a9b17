import { Compression, encodeEntry } from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { type Arrival, arrival } from '../support/arrivals.js';
import { Attack, type AttackConfiguration, reasonsOf } from '../support/hostile-attack.js';
import { twistedHandshake } from '../support/hostile-handshake.js';
import { HostileServer } from '../support/hostile-server.js';
import { Random } from '../support/random.js';
import { readIngesterSide, recorded, type SessionName } from '../support/sessions.js';

/** The recorded indexers confirm four entries. */
const CONFIRMED = 4;
/** Their number of the tag `test`. */
const TEST_TAG = 7;

/** Of a challenge, so that it takes no time to answer it. */
const ITERATIONS = 1;

const SEEDS = 40;

const TARGETS: Readonly<Record<SessionName, NonNullable<AttackConfiguration['target']>>> = {
  'session-plain': {},
  'session-tenant': { tenant: 'acme' },
  'session-snappy': { compression: 'snappy' },
};

/** The entries among what an ingester said that a recorded indexer may have confirmed. */
function confirmable(chunks: readonly Buffer[]): Arrival[] {
  return readIngesterSide(chunks).flatMap((message) => {
    if (message.kind !== 'entry' || message.id > CONFIRMED) return [];
    const name = message.entry.tag === TEST_TAG ? 'test' : 'another';
    return [arrival(name, encodeEntry(message.entry))];
  });
}

describe('an indexer that replays a recorded session', () => {
  it.each(Object.entries(TARGETS))('(%s) up to any byte, and hangs up', async (name, target) => {
    const session = Buffer.concat(recorded(name as SessionName, 'indexer'));
    session.writeUInt16LE(ITERATIONS, 0);
    const took: Arrival[] = [];
    const server = await HostileServer.listen((socket, number) => {
      const chunks: Buffer[] = [];
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('close', () => took.push(...confirmable(chunks)));
      socket.end(session.subarray(0, number % (session.length + 1)));
    });
    const attack = await Attack.begin(server, { tags: ['test', 'syslog'], target });
    await expect.poll(() => attack.losses.length).toBeGreaterThan(session.length);
    expect([...new Set(reasonsOf(attack.losses))].sort()).toEqual(['lost', 'protocol']);
    await attack.expectNoHarm(() => took);
  });
});

describe('an indexer that says anything', () => {
  it('instead of the handshake is given up', async () => {
    const server = await HostileServer.listen((socket, number) => {
      const random = new Random(number);
      const bytes = random.bytes(2 + random.below(2000));
      bytes.writeUInt16LE(ITERATIONS, 0);
      socket.end(bytes);
      socket.resume();
    });
    const attack = await Attack.begin(server);
    await expect.poll(() => attack.losses.length).toBeGreaterThanOrEqual(SEEDS);
    for (const [seed, { reason }] of attack.losses.entries()) {
      expect(['lost', 'protocol', 'authentication'], `seed ${seed}`).toContain(reason);
    }
    await attack.expectNoHarm();
  });

  it.each([
    ['plain', Compression.none, {}],
    ['compressed', Compression.snappy, { compression: 'snappy' }],
  ] as const)('after a whole handshake is given up: %s', async (_how, compression, target) => {
    const server = await HostileServer.listen((socket, number) => {
      const random = new Random(number);
      twistedHandshake(socket, {
        at: 'streamConfiguration',
        act() {
          const agreed = Buffer.from([1, 0, 0, 0, compression]);
          socket.end(Buffer.concat([agreed, random.bytes(1 + random.below(2000))]));
        },
      });
    });
    const attack = await Attack.begin(server, { target });
    await expect.poll(() => attack.losses.length).toBeGreaterThanOrEqual(SEEDS);
    for (const [seed, { reason }] of attack.losses.entries()) {
      // Fewer bytes than a command has say nothing yet.
      expect(['protocol', 'lost'], `seed ${seed}`).toContain(reason);
    }
    expect(reasonsOf(attack.losses)).toContain('protocol');
    await attack.expectNoHarm();
  });
});
