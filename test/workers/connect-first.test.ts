import { Socket } from 'node:net';
import { connectFirst } from '@ringest/workers/internal';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A race whose sockets do what the test has them do. */
function race(addresses: readonly string[], milliseconds = 1000) {
  const sockets = new Map<string, Socket>();
  const closing = new AbortController();
  const connected = connectFirst(addresses, {
    open: (address) => {
      const socket = new Socket();
      sockets.set(address, socket);
      return socket;
    },
    milliseconds,
    signal: closing.signal,
  });
  connected.catch(() => {});
  const socket = (address: string): Socket => {
    const found = sockets.get(address);
    if (found === undefined) throw new Error(`${address} was not tried`);
    return found;
  };
  const tried = () => [...sockets.keys()].join('');
  return { connected, socket, tried, closing };
}

describe('of several addresses', () => {
  it('the next one is tried as soon as one has failed', async () => {
    const { connected, socket, tried } = race(['a', 'b']);
    expect(tried()).toBe('a');
    socket('a').emit('error', new Error('connect ENETUNREACH a'));
    expect(tried()).toBe('ab');
    socket('b').emit('connect');
    expect(await connected).toEqual({ socket: socket('b'), address: 'b' });
  });

  it('the next one is tried beside one that does not answer, and the first to answer is taken', async () => {
    const { connected, socket, tried } = race(['a', 'b', 'c']);
    await vi.advanceTimersByTimeAsync(249);
    expect(tried()).toBe('a');
    await vi.advanceTimersByTimeAsync(1);
    expect(tried()).toBe('ab');
    socket('b').emit('connect');
    expect((await connected).address).toBe('b');
    expect(socket('a').destroyed).toBe(true);
    expect(socket('b').destroyed).toBe(false);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(tried()).toBe('ab');
    expect(socket('b').destroyed).toBe(false);
  });

  it('one that is far is waited for, although others have failed meanwhile', async () => {
    const { connected, socket } = race(['far', 'none']);
    await vi.advanceTimersByTimeAsync(250);
    socket('none').emit('error', new Error('connect ENETUNREACH none'));
    await vi.advanceTimersByTimeAsync(700);
    socket('far').emit('connect');
    expect((await connected).address).toBe('far');
  });

  it('each has the whole time, and the error says which were tried and how long each had', async () => {
    const { connected, socket } = race(['a', 'b', 'c']);
    await vi.advanceTimersByTimeAsync(250);
    socket('b').emit('error', new Error('connect ECONNREFUSED b:4023'));
    await vi.advanceTimersByTimeAsync(750);
    await new Promise(setImmediate);
    expect(socket('a').destroyed).toBe(true);
    expect(socket('c').destroyed).toBe(false);
    await vi.advanceTimersByTimeAsync(250);
    await expect(connected).rejects.toMatchObject({
      reason: 'timeout',
      message:
        'connect ECONNREFUSED b:4023; a: not connected within 1000 ms; c: not connected within 1000 ms',
    });
  });

  it('of which all refuse, the error has why each does', async () => {
    const { connected, socket } = race(['a', 'b']);
    for (const address of ['a', 'b']) {
      socket(address).emit('error', new Error(`connect ECONNREFUSED ${address}`));
    }
    const message = 'connect ECONNREFUSED a; connect ECONNREFUSED b';
    await expect(connected).rejects.toMatchObject({ reason: 'dial', message });
  });

  it('none is tried any more when the lane is closed', async () => {
    const { connected, socket, tried, closing } = race(['a', 'b', 'c']);
    await vi.advanceTimersByTimeAsync(250);
    closing.abort(new Error('closed'));
    await expect(connected).rejects.toThrow('closed');
    expect([socket('a').destroyed, socket('b').destroyed]).toEqual([true, true]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(tried()).toBe('ab');
  });
});
