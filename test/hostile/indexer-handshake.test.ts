import {
  Compression,
  encodeConfirmDittoBlock,
  encodeConfirmEntry,
  encodeConfirmIngesterState,
  encodeConfirmTag,
  encodeErrorTag,
  encodePong,
  encodeStreamConfiguration,
  encodeThrottle,
} from '@ringest/codec';
import { HandshakeReader } from '@ringest/workers/internal';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Attack } from '../support/hostile-attack.js';
import {
  HONEST,
  STEPS,
  type Step,
  silentAt,
  type Twist,
  twistedHandshake,
} from '../support/hostile-handshake.js';
import { HostileServer } from '../support/hostile-server.js';

/** The time limit of a handshake and of each reply after it, where one is waited for. */
const QUICK = { times: { handshake: 120 } };

/** For what takes a hundred connections. */

const PONGS = Buffer.alloc(1024, encodePong());

/** Messages that are no answer to anything in a handshake. */
const STRAY: Readonly<Record<string, Buffer>> = {
  pong: encodePong(),
  confirmEntry: encodeConfirmEntry(1),
  throttle: encodeThrottle(1e9),
  confirmTag: encodeConfirmTag(1),
  errorTag: encodeErrorTag(),
  confirmDittoBlock: encodeConfirmDittoBlock(0),
  confirmIngesterState: encodeConfirmIngesterState(),
  snappy: encodeStreamConfiguration(Compression.snappy),
};

describe('an indexer that falls silent in the handshake', () => {
  it('is given up at each step in time, whether it has begun to answer or not', async () => {
    const cases = STEPS.flatMap((at): Twist[] => [
      silentAt(at),
      { at, act: HONEST[at].subarray(0, -1) },
    ]);
    const server = await HostileServer.listen((socket, number) =>
      twistedHandshake(socket, cases[number % cases.length]),
    );
    const attack = await Attack.begin(server, QUICK);
    const losses = await attack.lost(cases.length);
    for (const { reason, message } of losses) {
      expect(reason).toBe('timeout');
      expect(message).toMatch(/did not send its \w+ in time/);
    }
    await attack.expectNoHarm();
  });

  it('but for PONGs without end is given up at each step', async () => {
    const server = await HostileServer.listen((socket, number) =>
      twistedHandshake(socket, {
        at: STEPS[number % STEPS.length] as Step,
        act() {
          const chat = setInterval(() => socket.write(encodePong()), 1);
          socket.on('close', () => clearInterval(chat));
        },
      }),
    );
    const attack = await Attack.begin(server, QUICK);
    for (const { reason } of await attack.lost(STEPS.length)) {
      expect(['timeout', 'protocol']).toContain(reason);
    }
    await attack.expectNoHarm();
  });

  it('but for so many PONGs that it always has something to say is given up', async () => {
    const server = await HostileServer.listen((socket) =>
      twistedHandshake(socket, {
        at: 'confirmApiVersion',
        act() {
          const flood = () => {
            if (socket.destroyed) return;
            if (!socket.writableNeedDrain) socket.write(PONGS);
            setImmediate(flood);
          };
          flood();
        },
      }),
    );
    const attack = await Attack.begin(server, QUICK);
    const [loss] = await attack.lost(1);
    expect(['timeout', 'protocol']).toContain(loss?.reason);
    await attack.expectNoHarm();
  });

  it('or is never ready, costs nothing', async () => {
    let asked = 0;
    const server = await HostileServer.listen((socket) =>
      twistedHandshake(socket, {
        at: 'confirmIngestOk',
        act() {
          const refuse = () => {
            asked++;
            socket.write(Buffer.from('015544330000000000000000', 'hex'));
          };
          socket.on('data', refuse);
          refuse();
        },
      }),
    );
    const attack = await Attack.begin(server, { times: { notReady: 10 } });
    await expect.poll(() => asked).toBeGreaterThan(5);
    expect(attack.losses).toEqual([]);
    await attack.expectNoHarm();
  });
});

describe('what was said before the answer to a step', () => {
  it('does not prolong the time that there is for it, however fast it comes', async () => {
    const inbox = new HandshakeReader();
    for (const step of ['challenge', 'state', 'tagResponse'] as const) {
      inbox.received(HONEST[step]);
      await inbox.expect(step, QUICK.times.handshake);
    }
    let now = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    const limit = 50;
    let hasEnded = false;
    const ended = inbox.expect('confirmApiVersion', limit).catch(() => {
      hasEnded = true;
    });
    const pong = encodePong();
    const receive = async () => {
      inbox.received(pong);
      // No timer has its turn as long as this goes on.
      for (let i = 0; i < 10; i++) await Promise.resolve();
    };
    await receive();
    now += limit - 1;
    await receive();
    expect(hasEnded).toBe(false);
    now += 2;
    await receive();
    await receive();
    expect(hasEnded).toBe(true);
    await ended;
  });
});

describe('an indexer that answers a step of the handshake', () => {
  const others = { ...HONEST, ...STRAY };

  it('with another message is given up, whichever it is', async () => {
    const cases = STEPS.flatMap((at) =>
      Object.entries(others)
        .filter(([name]) => name !== at)
        .map(([name, act]) => ({ at, name, act })),
    );
    const server = await HostileServer.listen((socket, number) =>
      twistedHandshake(socket, cases[number % cases.length]),
    );
    const attack = await Attack.begin(server, QUICK);
    await expect.poll(() => attack.losses.length).toBeGreaterThanOrEqual(cases.length);
    for (const [i, { at, name }] of cases.entries()) {
      const loss = attack.losses[i];
      // Bytes that could be the beginning of the answer are waited for.
      expect(['protocol', 'timeout'], `${name} at ${at}`).toContain(loss?.reason);
    }
    await attack.expectNoHarm();
  });
});
