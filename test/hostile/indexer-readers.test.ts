import { encodePong } from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { Attack, reasonsOf } from '../support/hostile-attack.js';
import { HONEST, STEPS, type Step, twistedHandshake } from '../support/hostile-handshake.js';
import { HostileServer } from '../support/hostile-server.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';

/** More than the buffers of two sockets take. */
const FLOOD_BYTES = 8 * 2 ** 20;

/** Pauses double from the first to the longest one, each less by half at most. */
function expectDoubling(pauses: readonly number[], first: number, most: number): void {
  for (const [i, pause] of pauses.entries()) {
    const longest = Math.min(first * 2 ** i, most);
    expect(pause, `pause ${i}`).toBeLessThanOrEqual(longest);
    expect(pause, `pause ${i}`).toBeGreaterThanOrEqual(0.5 * longest);
  }
}

describe('an indexer that does not read', () => {
  it('at all is given up once it has been silent for too long', async () => {
    const indexer = await ScriptedIndexer.listen();
    const attack = await Attack.begin(indexer, {
      balancing: 'roundRobin',
      times: { silence: 800 },
    });
    const connection = await indexer.hot(0);
    connection.socket.pause();
    await attack.write(FLOOD_BYTES);
    await attack.write(FLOOD_BYTES);
    const [loss] = await attack.lost(1);
    expect(loss?.reason).toBe('timeout');
    expect(loss?.message).toContain('nothing heard');
    await attack.expectNoHarm();
  });

  it('more than a byte now and then, but says PONG, is given up for what it does not confirm', async () => {
    const server = await HostileServer.listen((socket) => {
      twistedHandshake(socket, {
        at: 'streamConfiguration',
        act() {
          socket.write(HONEST.streamConfiguration);
          socket.removeAllListeners('data').pause();
          const chat = setInterval(() => {
            socket.read(1);
            socket.write(encodePong());
          }, 100);
          socket.on('close', () => clearInterval(chat));
        },
      });
    });
    const attack = await Attack.begin(server, { times: { confirmation: 1500 } });
    const [loss] = await attack.lost(1);
    expect(loss?.reason).toBe('timeout');
    await attack.expectNoHarm();
  });
});

describe('an indexer that hangs up', () => {
  it('at once is not dialled again and again without a pause', async () => {
    const server = await HostileServer.listen((socket) => socket.destroy());
    const [firstRetry, mostRetry] = [40, 160];
    const attack = await Attack.begin(server, { times: { firstRetry, mostRetry } });
    await attack.lost(8);
    expectDoubling(attack.pauses, firstRetry, mostRetry);
    // Each connection has had its pause, but those whose loss is still to be told.
    expect(server.accepted).toBeLessThanOrEqual(attack.pauses.length + 2);
    for (const { reason } of attack.losses) expect(['lost', 'dial']).toContain(reason);
    await attack.expectNoHarm();
  });

  it('once it is hot, again and again, is dialled no more often', async () => {
    const server = await HostileServer.listen((socket) => {
      twistedHandshake(socket, {
        at: 'streamConfiguration',
        act: () => socket.end(Buffer.from([1, 0, 0, 0, 0])),
      });
    });
    const [firstRetry, mostRetry] = [10, 60_000];
    const attack = await Attack.begin(server, { times: { firstRetry, mostRetry } });
    await attack.lost(6);
    expectDoubling(attack.pauses, firstRetry, mostRetry);
    expect(server.accepted).toBeLessThanOrEqual(attack.pauses.length + 2);
    await attack.expectNoHarm();
  });

  it('with its own half only, at any step, is lost at once', async () => {
    const server = await HostileServer.listen((socket, number) => {
      twistedHandshake(socket, {
        at: STEPS[number % STEPS.length] as Step,
        act: () => socket.end(),
      });
    });
    const attack = await Attack.begin(server);
    expect(reasonsOf(await attack.lost(STEPS.length))).toEqual(STEPS.map(() => 'lost'));
    await attack.expectNoHarm();
  });

  it('with its own half only, once it is hot, gets the rest again elsewhere', async () => {
    const indexer = await ScriptedIndexer.listen({ lingers: true });
    const attack = await Attack.begin(indexer);
    const connection = await indexer.hot(0);
    await connection.entries(3);
    connection.confirm(1);
    connection.socket.end();
    expect(reasonsOf(await attack.lost(1))).toEqual(['lost']);
    await connection.ended();
    await attack.expectNoHarm(() => connection.arrivals.slice(0, 1));
  });

  it('with a reset, at any step, is lost', async () => {
    const server = await HostileServer.listen((socket, number) => {
      twistedHandshake(socket, {
        at: STEPS[number % STEPS.length] as Step,
        act: () => socket.resetAndDestroy(),
      });
    });
    const attack = await Attack.begin(server);
    const reasons = reasonsOf(await attack.lost(STEPS.length));
    for (const reason of reasons) expect(['lost', 'dial']).toContain(reason);
    await attack.expectNoHarm();
  });
});
