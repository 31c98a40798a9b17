import { hostname } from 'node:os';
import { type IngesterState, Timestamp } from '@ringest/codec';
import { type IngestMuxer, InvalidStateError } from '@ringest/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Changes } from '../../support/changes.js';
import { collectLogs, hotMuxer, newMuxer, wholeMuxer } from '../../support/muxer.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { type ScriptedConnection, ScriptedIndexer } from '../../support/scripted-indexer.js';
import { eventually } from '../../support/waiting.js';

const ENTRY = { timestamp: 1, tag: 0, data: 'four' };
const KIBIBYTE = 'x'.repeat(1024);

/** A muxer and the connection of its only lane, which has been told the state once. */
async function connected(configuration: Partial<Parameters<typeof newMuxer>[0]> = {}) {
  const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
  const muxer = await hotMuxer({ targets: [indexer.address], ...configuration });
  return { indexer, muxer, connection: await indexer.hot(0) };
}

/** The state that comes when so many have come. */
async function stateAfter(connection: ScriptedConnection, before: number): Promise<IngesterState> {
  await connection.until(`state ${before}`, () => connection.states.length > before);
  return connection.states[before] as IngesterState;
}

/** Waits until all that the muxer has said so far has arrived. */
async function settled(muxer: IngestMuxer, connection: ScriptedConnection): Promise<void> {
  const { flushes } = connection;
  await muxer.sync();
  await connection.until('FORCE_ACK', () => connection.flushes > flushes);
}

/** The muxer's intervals and clock go on by hand, until the test is finished. */
function useSlowTime(): void {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
}

/** Milliseconds since 1970 by the clock of a muxer, which may be one ahead of `Date.now()`. */
const nowOfMuxer = () => Timestamp.now().toDate().getTime();

describe('the ingester state', () => {
  it('is told when a lane is hot, after a FORCE_ACK', async () => {
    const uuid = '01234567-89ab-4def-8123-456789abcdef';
    const before = { date: nowOfMuxer(), clock: performance.now() };
    const identity = { name: 'shop', version: '1.2', uuid, label: 'east' };
    const { connection, muxer } = await connected({ ...identity, tags: ['a', 'b'] });
    expect(connection.heard.slice(-2)).toEqual(['forceAck', 'ingesterState']);
    const [state] = connection.states;
    expect(state).toMatchObject({
      ...identity,
      tags: ['a', 'b'],
      ip: muxer.sourceIP(),
      hostname: hostname(),
      entries: 0,
      size: 0,
      cacheState: '',
      cacheSize: 0,
      children: new Map(),
    });
    expect(state).not.toHaveProperty('metadata');
    expect(state).not.toHaveProperty('configuration');
    expect(state?.uptime).toBeGreaterThan(0);
    expect(state?.uptime).toBeLessThanOrEqual((performance.now() - before.clock) * 1e6);
    const lastSeen = state?.lastSeen.toDate().getTime();
    expect(lastSeen).toBeGreaterThanOrEqual(before.date);
    expect(lastSeen).toBeLessThanOrEqual(nowOfMuxer());
  });

  it('is told to every connection, with all that was set before and since', async () => {
    const { indexer, muxer, connection } = await connected();
    muxer.setMetadata({ rack: 7 });
    await stateAfter(connection, 1);
    connection.socket.destroy();
    const next = await indexer.hot(1);
    expect(next.states[0]).toMatchObject({ metadata: { rack: 7 } });
  });

  it('has what was set before the start', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = newMuxer({ targets: [indexer.address] });
    muxer.setMetadata('m');
    muxer.setRawConfiguration(['c']);
    muxer.registerChild('child', { label: 'small' });
    muxer.negotiateTag('late');
    muxer.start();
    const { states } = await indexer.hot(0);
    expect(states[0]).toMatchObject({
      metadata: 'm',
      configuration: ['c'],
      tags: ['test', 'late'],
    });
    expect(states[0]?.children.get('child')?.label).toBe('small');
  });

  it('is told when something changes: once for all that changes in a turn', async () => {
    const { connection, muxer } = await connected();
    muxer.setMetadata(1);
    muxer.setMetadata({ rack: 7 });
    muxer.setRawConfiguration({ tags: ['test'] });
    muxer.registerChild('child', { name: 'small', entries: 5 });
    muxer.negotiateTag('late');
    const state = await stateAfter(connection, 1);
    expect(state).toMatchObject({ metadata: { rack: 7 }, configuration: { tags: ['test'] } });
    expect(state.tags).toEqual(['test', 'late']);
    expect(state.children.get('child')).toMatchObject({ name: 'small', entries: 5 });
    muxer.setMetadata(undefined);
    expect(await stateAfter(connection, 2)).not.toHaveProperty('metadata');
    await settled(muxer, connection);
    expect(connection.states).toHaveLength(3);
  });

  it('is not told when nothing changes', async () => {
    const { connection, muxer } = await connected();
    muxer.negotiateTag('test');
    expect(muxer.unregisterChild('nobody')).toBe(false);
    await settled(muxer, connection);
    expect(connection.states).toHaveLength(1);
  });

  it('is told every 30 seconds if entries flowed, and otherwise every 5 minutes', async () => {
    useSlowTime();
    const { connection, muxer } = await connected();
    muxer.write(1, 0, 'four');
    muxer.write(1, 0, 'sixsix');
    await muxer.sync();
    await settled(muxer, connection);
    expect(connection.states).toHaveLength(1);
    vi.advanceTimersByTime(30_000);
    expect(await stateAfter(connection, 1)).toMatchObject({ entries: 2, size: 10 });
    vi.advanceTimersByTime(270_000);
    await settled(muxer, connection);
    expect(connection.states).toHaveLength(2);
    vi.advanceTimersByTime(30_000);
    expect(await stateAfter(connection, 2)).toMatchObject({ entries: 2, size: 10 });
    vi.advanceTimersByTime(290_000);
    await settled(muxer, connection);
    expect(connection.states).toHaveLength(3);
  });

  it('is not told more often for entries of the own log', async () => {
    useSlowTime();
    const { connection, muxer } = await connected({ selfIngest: true, statsInterval: 25_000 });
    await muxer.sync();
    // The line about the connection, before the first state.
    expect(muxer.stats().writtenEntries).toBe(1);
    for (let i = 0; i < 4; i++) vi.advanceTimersByTime(30_000);
    await settled(muxer, connection);
    expect(muxer.stats().writtenEntries).toBe(5);
    expect(connection.states).toHaveLength(1);
    await muxer.writeEntry(ENTRY);
    vi.advanceTimersByTime(30_000);
    expect(await stateAfter(connection, 1)).toMatchObject({ entries: 7 });
  });

  it('is told to an indexer in time although another one comes and goes', async () => {
    useSlowTime();
    const steady = await ScriptedIndexer.listen({ confirms: 'at once' });
    const shaky = await ScriptedIndexer.listen({ confirms: 'at once' });
    const muxer = await wholeMuxer({ targets: [steady.address, shaky.address] });
    const connection = await steady.hot(0);
    await muxer.writeEntry(ENTRY);
    vi.advanceTimersByTime(20_000);
    (await shaky.hot(0)).socket.destroy();
    expect((await shaky.hot(1)).states[0]).toMatchObject({ entries: 1 });
    vi.advanceTimersByTime(10_000);
    expect(await stateAfter(connection, 1)).toMatchObject({ entries: 1 });
  });

  it('counts entries that were moved to another indexer once', async () => {
    const lost = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [lost.address] });
    const first = await lost.hot(0);
    await muxer.writeBatch([ENTRY, ENTRY]);
    await first.entries(2);
    first.socket.destroy();
    const next = await lost.hot(1);
    expect(next.states[0]).toMatchObject({ entries: 2, size: 8 });
  });

  it('is not told to an indexer of a version under 6', async () => {
    const indexer = await ScriptedIndexer.listen({ version: 5, confirms: 'at once' });
    const muxer = await hotMuxer({ targets: [indexer.address] });
    const connection = await indexer.hot(0);
    muxer.setMetadata(1);
    await new Promise(setImmediate);
    await muxer.writeEntry(ENTRY);
    await settled(muxer, connection);
    expect(connection.heard).not.toContain('ingesterState');
  });

  it('reaches the embedded indexer', async () => {
    const states: IngesterState[] = [];
    const changes = new Changes();
    const onIngesterState = (state: IngesterState) => {
      states.push(state);
      changes.tell();
    };
    const indexer = await RecordingIndexer.start({ onIngesterState });
    const muxer = await hotMuxer({ targets: [indexer.address], label: 'east' });
    muxer.registerChild('child', {
      label: 'small',
      lastSeen: Timestamp.parse('2024-01-01T00:00:00Z'),
    });
    await changes.until('two states', () => states.length === 2);
    expect(states.map(({ label }) => label)).toEqual(['east', 'east']);
    const child = states[1]?.children.get('child');
    expect(`${child?.lastSeen}`).toBe('2024-01-01T00:00:00Z');
  });
});

describe('children', () => {
  it('were seen when they were registered, unless they say something else', async () => {
    const { connection, muxer } = await connected();
    const before = Timestamp.now();
    muxer.registerChild('new', {});
    muxer.registerChild('old', { lastSeen: Timestamp.ZERO });
    await connection.until('both children', () => connection.states.at(-1)?.children.size === 2);
    const { children } = connection.states.at(-1) as IngesterState;
    const seen = children.get('new')?.lastSeen ?? Timestamp.ZERO;
    expect(Timestamp.compare(seen, before)).toBeGreaterThanOrEqual(0);
    expect(Timestamp.compare(seen, Timestamp.now())).toBeLessThanOrEqual(0);
    expect(children.get('old')?.lastSeen).toEqual(Timestamp.ZERO);
  });

  it('replace earlier ones of their name, and go when they are unregistered', async () => {
    const { connection, muxer } = await connected();
    muxer.registerChild('a', { label: '1', metadata: 1 });
    muxer.registerChild('a', { label: '2' });
    muxer.registerChild('b', {});
    const { children } = await stateAfter(connection, 1);
    expect([...children.keys()]).toEqual(['a', 'b']);
    expect(children.get('a')).toMatchObject({ label: '2' });
    expect(children.get('a')).not.toHaveProperty('metadata');
    expect(muxer.unregisterChild('a')).toBe(true);
    expect(muxer.unregisterChild('a')).toBe(false);
    expect([...(await stateAfter(connection, 2)).children.keys()]).toEqual(['b']);
  });

  it('may have any name', async () => {
    const { connection, muxer } = await connected();
    const names = ['', '__proto__', 'ä"\n'];
    for (const name of names) muxer.registerChild(name, { label: name });
    const { children } = await stateAfter(connection, 1);
    expect([...children].map(([name, { label }]) => [name, label]).sort()).toEqual(
      names.map((name) => [name, name]).sort(),
    );
  });
});

describe('what was given', () => {
  it('is copied: later changes to it change nothing', async () => {
    const { connection, muxer } = await connected();
    const metadata = { deep: { rack: 7 } };
    const configuration = ['a'];
    const tags = ['x'];
    const grandchildren = new Map<string, IngesterState>();
    muxer.setMetadata(metadata);
    muxer.setRawConfiguration(configuration);
    muxer.registerChild('child', { tags, children: grandchildren, metadata });
    metadata.deep.rack = 8;
    configuration.push('b');
    tags.push('y');
    grandchildren.set('late', { ...(connection.states[0] as IngesterState) });
    const state = await stateAfter(connection, 1);
    expect(state).toMatchObject({ metadata: { deep: { rack: 7 } }, configuration: ['a'] });
    const child = state.children.get('child');
    expect(child).toMatchObject({ tags: ['x'], metadata: { deep: { rack: 7 } } });
    expect(child?.children.size).toBe(0);
  });

  const circular: unknown[] = [];
  circular.push(circular);
  const unfit = [
    ['a bigint', 1n],
    ['a function', () => {}],
    ['a symbol', Symbol('s')],
    ['a circle', circular],
    ['what throws', { toJSON: () => JSON.parse('{') }],
  ] as const;

  it('is refused if JSON cannot hold it', async () => {
    const { connection, muxer } = await connected();
    muxer.setMetadata('m');
    for (const [kind, value] of unfit) {
      expect(() => muxer.setMetadata(value), kind).toThrow(InvalidStateError);
      expect(() => muxer.setRawConfiguration(value), kind).toThrow(InvalidStateError);
      if (typeof value === 'function' || typeof value === 'symbol') continue;
      expect(() => muxer.registerChild('a', { metadata: value }), kind).toThrow(InvalidStateError);
    }
    const state = await stateAfter(connection, 1);
    expect(state).toMatchObject({ metadata: 'm', children: new Map() });
    expect(state).not.toHaveProperty('configuration');
  });

  it.each([
    ['entries', 5n],
    ['entries', '5'],
    ['label', 5],
    ['tags', 'test'],
    ['tags', [5]],
    ['lastSeen', new Date()],
    ['children', new Map([['below', { label: 'not whole' }]])],
    ['children', { below: { label: 'no map' } }],
  ])('is refused if it is no state: a wrong %s', (field, value) => {
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'] });
    expect(() => muxer.registerChild('child', { [field]: value })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_STATE' }),
    );
  });
});

describe('a state that is too large', () => {
  it('loses what its children bring along, then children', async () => {
    const { connection, muxer } = await connected();
    for (let i = 0; i < 80; i++) {
      muxer.registerChild(`${i}`, { label: `${i}`, configuration: KIBIBYTE.repeat(15) });
    }
    const trimmed = await stateAfter(connection, 1);
    expect(trimmed.children.size).toBe(80);
    for (const child of trimmed.children.values())
      expect(child).not.toHaveProperty('configuration');
    for (let i = 0; i < 80; i++) muxer.registerChild(`${i}`, { label: KIBIBYTE.repeat(15) });
    expect((await stateAfter(connection, 2)).children.size).toBe(64);
  });

  it('is an error that is logged and costs nothing else', async () => {
    const { logger, lines } = collectLogs();
    const { connection, muxer } = await connected({ logger });
    muxer.setMetadata(KIBIBYTE.repeat(1100));
    await eventually(() => expect(lines.join()).toContain('state could not be sent'));
    await muxer.writeEntry(ENTRY);
    await settled(muxer, connection);
    expect(connection.states).toHaveLength(1);
    muxer.setMetadata('small');
    expect(await stateAfter(connection, 1)).toMatchObject({ metadata: 'small', entries: 1 });
  });
});

describe('while the socket takes nothing', () => {
  it('states do not pile up: the last one is told, between entries', async () => {
    const { connection, muxer } = await connected();
    connection.socket.pause();
    const data = Buffer.alloc(65_536, 1);
    const entries = Array.from({ length: 160 }, () => ({ ...ENTRY, data }));
    await muxer.writeBatch(entries);
    for (let i = 0; i < 100; i++) {
      muxer.setMetadata(`${i}${KIBIBYTE}`);
      await new Promise(setImmediate);
    }
    connection.socket.resume();
    await connection.entries(entries.length);
    await muxer.sync();
    await settled(muxer, connection);
    expect(connection.states.at(-1)?.metadata).toBe(`99${KIBIBYTE}`);
    expect(connection.states.length).toBeLessThan(50);
  });
});
