import { EMPTY_INGESTER_STATE, encodeIngesterState } from '@ringest/codec';
import { IngestMuxer } from '@ringest/core';
import { ChildStates } from '@ringest/relay/internal';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { IngesterClient } from '../support/ingester-client.js';
import { lightChallenges } from '../support/light-challenges.js';
import { SECRET } from '../support/muxer.js';
import { startRelay } from '../support/relaying.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';
import { until } from '../support/waiting.js';

const stateOf = (label: string, more = {}) => ({ ...EMPTY_INGESTER_STATE, label, ...more });

describe('the states of ingesters', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Children of a muxer, and what it was told. */
  function children() {
    const muxer = new IngestMuxer({ targets: ['tcp://127.0.0.1:1'], secret: SECRET });
    const registered = vi.spyOn(muxer, 'registerChild');
    const unregistered = vi.spyOn(muxer, 'unregisterChild');
    const states = new ChildStates(muxer, pino({ level: 'silent' }));
    const told = () => registered.mock.calls.map(([name, { label }]) => `${name} ${label}`);
    return { states, told, gone: () => unregistered.mock.calls.map(([name]) => name) };
  }

  it('are told within a second of the first, and those that change within thirty', () => {
    const { states, told } = children();
    states.add('a', stateOf('1'));
    vi.advanceTimersByTime(1000);
    expect(told()).toEqual(['a 1']);
    states.update('a', stateOf('2'));
    vi.advanceTimersByTime(20_000);
    states.update('a', stateOf('3'));
    vi.advanceTimersByTime(9000);
    expect(told()).toEqual(['a 1']);
    vi.advanceTimersByTime(1000);
    expect(told()).toEqual(['a 1', 'a 3']);
  });

  it('that change are told with one that comes, since all are written then', () => {
    const { states, told } = children();
    states.add('a', stateOf('1'));
    vi.advanceTimersByTime(1000);
    states.update('a', stateOf('2'));
    states.add('b', stateOf('1'));
    vi.advanceTimersByTime(1000);
    expect(told()).toEqual(['a 1', 'a 2', 'b 1']);
  });

  it('go within a second of the last connection that has reported them', () => {
    const { states, told, gone } = children();
    states.add('a', stateOf('1'));
    states.add('a', stateOf('1'));
    states.remove('a');
    vi.advanceTimersByTime(30_000);
    expect([told(), gone()]).toEqual([['a 1'], []]);
    states.remove('a');
    vi.advanceTimersByTime(1000);
    expect(gone()).toEqual(['a']);
  });
});

describe('a relay', () => {
  it('keeps children of listeners apart, and sends on none that takes the room of all', async () => {
    lightChallenges();
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const { relay, logs } = await startRelay({
      muxer: { targets: [indexer.address] },
      listeners: ['dmz', 'inner'].map((name) => ({ name, listen: '127.0.0.1:0', secret: SECRET })),
    });
    const [dmz = '', inner = ''] = relay.addresses;
    const report = async (address: string, state: ReturnType<typeof stateOf>) => {
      const { client } = await IngesterClient.hot(address, SECRET, ['test']);
      client.write(encodeIngesterState(state));
      await client.expect('confirmIngesterState');
    };
    const large = { metadata: 'x'.repeat(16 * 1024) };
    await report(inner, stateOf('true', { uuid: 'one' }));
    await report(dmz, stateOf('false', { uuid: 'one' }));
    await report(dmz, stateOf('large', { uuid: 'two', ...large }));
    const connection = await indexer.hot(0);
    const labels = () =>
      [...(connection.states.at(-1)?.children ?? [])].map(([name, { label }]) => [name, label]);
    const dropped = () => logs.filter(({ msg }) => /cannot be sent on/.test(msg));
    await until('both children', () => labels().length === 2 && dropped().length === 1);
    expect(labels()).toEqual([
      ['dmz/one', 'false'],
      ['inner/one', 'true'],
    ]);
    expect(dropped()[0]).toMatchObject({ child: 'dmz/two' });
  });
});
