import {
  AllTargetsFailedError,
  ConfigurationError,
  IngestMuxer,
  InvalidTargetError,
  NotRunningError,
  TargetChangeError,
  TooManyTagsError,
  WaitTimeoutError,
} from '@ringest/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  compareArrivals,
  expectEachOnce,
  numbered,
  numberedFrom,
  unusedAddress,
} from '../../support/caching.js';
import { CollectingIndexer } from '../../support/collecting-indexer.js';
import { collectLogs, hotMuxer, newMuxer, SECRET, wholeMuxer } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { eventually, turn, until, watch } from '../../support/waiting.js';

describe('a target that is added', () => {
  it('gets entries once it is hot', async () => {
    const first = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [first.address], balancing: 'roundRobin' });
    const second = await ScriptedIndexer.listen({ confirms: 'at once' });
    muxer.addTarget(second.address);
    expect(muxer.size()).toBe(2);
    await until('two hot lanes', () => muxer.hot() === 2);
    for (let i = 0; i < 4; i++) {
      muxer.writeEntry(numbered(i));
      await turn();
    }
    await (await second.hot(0)).entries(2);
    await (await first.hot(0)).entries(2);
    expect(muxer.status().targets.map(({ target }) => target)).toEqual([
      first.address,
      second.address,
    ]);
  });

  it('takes over what a target that is lost has not confirmed', async () => {
    const first = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [first.address] });
    muxer.writeBatch(numberedFrom(0, 100));
    await (await first.hot(0)).entries(100);
    await first.close();
    const second = await CollectingIndexer.start();
    muxer.addTarget(second.address);
    await muxer.sync();
    expectEachOnce(second.received, numberedFrom(0, 100));
  });

  it('has tags that were negotiated before, and options of its own', async () => {
    const first = await ScriptedIndexer.listen({ confirms: 'at once' });
    const muxer = await hotMuxer({ targets: [first.address] });
    const tag = muxer.negotiateTag('late');
    const second = await ScriptedIndexer.listen({ secret: 'another', confirms: 'at once' });
    muxer.addTarget({ address: second.address, secret: 'another', tenant: 'a' });
    const connection = await second.hot(0);
    expect([...connection.tags.keys()]).toContain('late');
    expect(connection.tenant).toMatchObject({ name: 'a' });
    await muxer.removeTarget(first.address);
    muxer.writeEntry({ ...numbered(1), tag });
    await muxer.sync();
    expect(connection.arrivals.map((one) => one.tag)).toEqual(['late']);
  });

  it('waits for the start of the muxer with the others', async () => {
    const [first, second] = [await CollectingIndexer.start(), await CollectingIndexer.start()];
    const muxer = newMuxer({ targets: [first.address] });
    muxer.addTarget(second.address);
    muxer.start();
    await until('two hot lanes', () => muxer.hot() === 2);
    expect(muxer.size()).toBe(2);
  });

  it('is refused when it cannot be used, is there, or the muxer is closed', async () => {
    const indexer = await CollectingIndexer.start();
    const muxer = await hotMuxer({ targets: [indexer.address] });
    expect(() => muxer.addTarget('udp://a:1')).toThrow(ConfigurationError);
    expect(() => muxer.addTarget({ address: 'tcp://a:1', tls: {} })).toThrow(ConfigurationError);
    expect(() => muxer.addTarget(indexer.address)).toThrow(TargetChangeError);
    expect(muxer.size()).toBe(1);
    await muxer.close();
    expect(() => muxer.addTarget('tcp://a:1')).toThrow(NotRunningError);
  });
});

describe('a target that is removed', () => {
  it('gets nothing new, is drained, and leaves', async () => {
    const [going, staying] = [await ScriptedIndexer.listen(), await CollectingIndexer.start()];
    const muxer = await wholeMuxer({
      targets: [going.address, staying.address],
      balancing: 'roundRobin',
    });
    const connection = await going.hot(0);
    for (let i = 0; i < 4; i++) {
      muxer.writeEntry(numbered(i));
      await turn();
    }
    await connection.entries(2);
    const removed = watch(muxer.removeTarget(going.address));
    muxer.writeBatch(numberedFrom(4, 20));
    await staying.entries(18);
    await connection.until('FORCE_ACK', () => connection.flushes > 0);
    expect(removed.settled).toBe(false);
    expect(connection.frames).toHaveLength(2);
    const before = muxer.stats();
    connection.confirmThrough(2);
    await removed.promise;
    await connection.ended();
    expect(muxer.size()).toBe(1);
    expect(muxer.status().targets.map(({ target }) => target)).toEqual([staying.address]);
    const after = muxer.stats();
    expect(after.lanes).toHaveLength(1);
    expect(after).toMatchObject({ writtenEntries: 20, sentEntries: 20, confirmedEntries: 20 });
    expect(after.wireBytes).toBeGreaterThanOrEqual(before.wireBytes);
    expect(after.ackLatencyMs.max).toBeGreaterThan(0);
    expect(after.ackHistogram.counts.at(-1)).toBe(after.ackLatencyMs.samples);
    expectEachOnce([...connection.arrivals, ...staying.received], numberedFrom(0, 20));
  });

  it('hands over what it has not confirmed when it is not there', async () => {
    const [going, staying] = [await ScriptedIndexer.listen(), await CollectingIndexer.start()];
    const muxer = await wholeMuxer({
      targets: [going.address, staying.address],
      balancing: 'roundRobin',
    });
    for (let i = 0; i < 10; i++) {
      muxer.writeEntry(numbered(i));
      await turn();
    }
    await (await going.hot(0)).entries(5);
    const removed = muxer.removeTarget(going.address);
    await going.close();
    await removed;
    await muxer.sync();
    expect(muxer.size()).toBe(1);
    expectEachOnce(staying.received, numberedFrom(0, 10));
  });

  it('keeps no barrier from passing, and none passes too early', async () => {
    const indexers = [];
    for (let i = 0; i < 3; i++) indexers.push(await ScriptedIndexer.listen());
    const [first, second, third] = indexers as [ScriptedIndexer, ScriptedIndexer, ScriptedIndexer];
    const muxer = await wholeMuxer({
      targets: indexers.map(({ address }) => address),
      balancing: 'roundRobin',
    });
    for (let i = 0; i < 3; i++) {
      muxer.writeEntry(numbered(i));
      await turn();
    }
    for (const indexer of indexers) await (await indexer.hot(0)).entries(1);
    const barrier = watch(muxer.barrier());
    const removed = muxer.removeTarget(first.address);
    (await first.hot(0)).confirmThrough(1);
    await removed;
    (await third.hot(0)).confirmThrough(1);
    await until('two confirmations', () => muxer.stats().confirmedEntries === 2);
    expect(barrier.settled).toBe(false);
    (await second.hot(0)).confirmThrough(1);
    await barrier.promise;
  });

  it('stays, and gets entries again, when it could not be drained in time', async () => {
    const [slow, other] = [await ScriptedIndexer.listen(), await CollectingIndexer.start()];
    const muxer = await wholeMuxer({
      targets: [slow.address, other.address],
      balancing: 'roundRobin',
    });
    const connection = await slow.hot(0);
    muxer.writeEntry(numbered(0));
    await turn();
    muxer.writeEntry(numbered(1));
    await connection.entries(1);
    await expect(muxer.removeTarget(slow.address, { timeout: 20 })).rejects.toThrow(
      WaitTimeoutError,
    );
    expect(muxer.size()).toBe(2);
    await until('another entry', () => {
      muxer.writeEntry(numbered(2));
      return connection.frames.length > 1;
    });
    const aborted = muxer.removeTarget(slow.address, { signal: AbortSignal.abort('enough') });
    await expect(aborted).rejects.toBe('enough');
  });

  it('waits for ditto blocks that are under way', async () => {
    const going = await ScriptedIndexer.listen({ dittoResult: undefined });
    const muxer = await hotMuxer({ targets: [going.address] });
    const connection = await going.hot(0);
    const written = muxer.dittoWrite([numbered(0)]);
    await connection.until('the block', () => connection.dittos[0]?.length === 1);
    muxer.addTarget((await CollectingIndexer.start()).address);
    const removed = watch(muxer.removeTarget(going.address));
    for (let i = 0; i < 20; i++) await turn();
    expect(removed.settled).toBe(false);
    connection.write(Buffer.from('8877665500000000000000'.padEnd(24, '0'), 'hex'));
    await written;
    await removed.promise;
  });

  it('ends with the muxer, when that is closed first', async () => {
    const [slow, other] = [await ScriptedIndexer.listen(), await CollectingIndexer.start()];
    const muxer = await wholeMuxer({ targets: [slow.address, other.address] });
    muxer.writeBatch(numberedFrom(0, 50));
    const removed = watch(muxer.removeTarget(slow.address));
    await muxer.close();
    await removed.promise.catch((error) => expect(error).toBeInstanceOf(NotRunningError));
    expect(removed.settled).toBe(true);
  });

  it('is refused when it is not there, is the last one, or is going already', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = newMuxer({ targets: [indexer.address] });
    await expect(muxer.removeTarget(indexer.address)).rejects.toThrow(NotRunningError);
    muxer.start();
    await muxer.waitForHot({ timeout: 45_000 });
    await expect(muxer.removeTarget(indexer.address)).rejects.toThrow(/no other target/);
    await expect(muxer.removeTarget('tcp://127.0.0.1:1')).rejects.toThrow(TargetChangeError);
    await expect(muxer.removeTarget('nonsense')).rejects.toThrow(InvalidTargetError);
    muxer.writeEntry(numbered(0));
    const connection = await indexer.hot(0);
    await connection.entries(1);
    muxer.addTarget((await unusedAddress()).address);
    const removed = muxer.removeTarget(indexer.address);
    await expect(muxer.removeTarget(indexer.address)).rejects.toThrow(/already/);
    connection.confirmThrough(1);
    await removed;
  });

  it('leaves a muxer that has failed, when all others have given up', async () => {
    const wrong = await ScriptedIndexer.listen({ version: 3 });
    const right = await CollectingIndexer.start();
    const muxer = await hotMuxer({ targets: [wrong.address, right.address], minVersion: 9 });
    await until('a fatal error', () =>
      muxer.status().targets.some(({ fatalError }) => fatalError !== undefined),
    );
    muxer.writeBatch(numberedFrom(0, 10));
    await muxer.removeTarget(right.address);
    expectEachOnce(right.received, numberedFrom(0, 10));
    expect(() => muxer.writeEntry(numbered(0))).toThrow(AllTargetsFailedError);
  });
});

describe.each([
  ['without a cache', false],
  ['with a journal', true],
])('targets that come and go under load, %s', (_name, hasJournal) => {
  it('lose no entry', async () => {
    const cache = { path: temporaryDirectory(), mode: 'journal' } as const;
    const indexers = [await CollectingIndexer.start()];
    const muxer = await hotMuxer({
      targets: indexers.map(({ address }) => address),
      ...{ ringBytes: 65536, batchBytes: 4096, workers: 2, closeTimeout: 20_000 },
      ...(hasJournal ? { cache } : {}),
    });
    let written = 0;
    let isLoading = true;
    const load = (async () => {
      while (isLoading) {
        await muxer.writeBatch(numberedFrom(written, written + 20));
        written += 20;
        await turn();
      }
    })();
    for (let round = 0; round < 6; round++) {
      const next = await CollectingIndexer.start();
      indexers.push(next);
      muxer.addTarget(next.address);
      await until('a hot lane', () => muxer.hot() === muxer.size());
      const going = indexers.at(-2) as CollectingIndexer;
      // Every other one is lost while it leaves.
      const removed = muxer.removeTarget(going.address);
      if (round % 2 === 1) await going.indexer.close();
      await removed;
    }
    isLoading = false;
    await load;
    await muxer.sync();
    const arrived = indexers.flatMap(({ received }) => received);
    expect(compareArrivals(arrived, numberedFrom(0, written)).lost).toEqual([]);
    const { lanes, writtenEntries, confirmedEntries } = muxer.stats();
    expect(lanes).toHaveLength(1);
    expect([writtenEntries, confirmedEntries]).toEqual([written, written]);
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
  });
});

describe('a reload', () => {
  it('under load loses no entry', async () => {
    const options = {
      ...{ secret: SECRET, selfIngest: false, workers: 2, closeTimeout: 20_000, tags: ['test'] },
      ...{ ringBytes: 65536, batchBytes: 4096, times: { firstRetry: 20, mostRetry: 100 } },
    };
    const indexers = [await CollectingIndexer.start(), await CollectingIndexer.start()];
    const addressesOf = (some: readonly CollectingIndexer[]) => some.map(({ address }) => address);
    const muxer = new IngestMuxer({ ...options, targets: addressesOf(indexers) });
    onTestFinished(async () => {
      await muxer.close();
    });
    muxer.start();
    let written = 0;
    let isLoading = true;
    const load = (async () => {
      while (isLoading) {
        await muxer.writeBatch(numberedFrom(written, written + 20));
        written += 20;
        await turn();
      }
    })();
    for (let round = 0; round < 4; round++) {
      indexers.push(await CollectingIndexer.start());
      const targets = addressesOf(indexers.slice(-2));
      await muxer.reload({ ...options, targets });
      expect(muxer.status().targets.map(({ target }) => target)).toEqual(targets);
    }
    isLoading = false;
    await load;
    await muxer.sync();
    const arrived = indexers.flatMap(({ received }) => received);
    expect(compareArrivals(arrived, numberedFrom(0, written)).lost).toEqual([]);
  });

  it('adds and removes targets and tags, and sets the label', async () => {
    const indexers = [];
    for (let i = 0; i < 3; i++) indexers.push(await CollectingIndexer.start());
    const [first, second, third] = indexers.map(({ address }) => address) as [
      string,
      string,
      string,
    ];
    const options = { secret: SECRET, selfIngest: false, workers: 1, closeTimeout: 20 };
    const times = { firstRetry: 20, mostRetry: 100 };
    const { logger, lines } = collectLogs();
    const before = { ...options, times, targets: [first, second], tags: ['test'], logger };
    const muxer = await wholeMuxer({ ...before, times: { ...times, dial: 2000 } });
    const after = { ...before, times: { ...times, dial: 2000, handshake: 5000, notReady: 20 } };
    await muxer.reload({ ...after, targets: [second, third], tags: ['test', 'new'], label: 'l' });
    expect(muxer.status().targets.map(({ target }) => target)).toEqual([second, third]);
    expect(muxer.knownTags()).toEqual(['test', 'new']);
    await until('two hot lanes', () => muxer.hot() === 2);
    muxer.writeEntry({ ...numbered(1), tag: muxer.getTag('new') });
    await muxer.sync();
    const connection = await indexers[2]?.indexer.hot(0);
    await eventually(() => expect(connection?.states.at(-1)?.label).toBe('l'));
    const said = lines.map((line) => JSON.parse(line)).filter(({ msg }) => /a target is/.test(msg));
    expect(said.map(({ msg, target }) => [msg, target])).toEqual([
      ['a target is added', third],
      ['a target is removed', first],
    ]);
  });

  it('replaces a target whose options are other ones', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const options = {
      ...{ secret: SECRET, selfIngest: false, workers: 1, closeTimeout: 20, tags: ['test'] },
      times: { dial: 2000, handshake: 5000, notReady: 20, firstRetry: 20, mostRetry: 100 },
    };
    const muxer = await hotMuxer({ ...options, targets: [indexer.address] });
    const targets = [{ address: indexer.address, tenant: 'a' }];
    await muxer.reload({ ...options, targets });
    expect((await indexer.hot(1)).tenant).toMatchObject({ name: 'a' });
    await (await indexer.hot(0)).ended();
    await muxer.reload({ ...options, targets });
    expect(indexer.connections).toHaveLength(2);
  });

  it.each([
    ['ringBytes', { ringBytes: 65536 }],
    ['rateLimit', { rateLimit: 1e6 }],
    ['attach', { attach: { a: '1' } }],
    ['name', { name: 'other' }],
    ['cache', { cache: { path: '/tmp/ringest-never-made' } }],
    ['logger', { logger: collectLogs().logger }],
    ['targets.0', { targets: ['udp://a'] }],
    ['balancing', { balancing: 'fastest' }],
  ])('that changes %s is refused, and nothing changes', async (field, change) => {
    const indexer = await CollectingIndexer.start();
    const options = {
      ...{ secret: SECRET, selfIngest: false, workers: 1, closeTimeout: 20, tags: ['test'] },
      times: { dial: 2000, handshake: 5000, notReady: 20, firstRetry: 20, mostRetry: 100 },
      targets: [indexer.address],
    };
    const muxer = await hotMuxer(options);
    const wanted = { ...options, tags: ['test', 'new'], ...change } as typeof options;
    const refusal = { code: 'ERR_CONFIGURATION', field };
    expect(() => muxer.checkReload(wanted)).toThrow(expect.objectContaining(refusal));
    await expect(muxer.reload(wanted)).rejects.toMatchObject(refusal);
    expect(muxer.knownTags()).toEqual(['test']);
    expect(muxer.size()).toBe(1);
  });

  it('with more new tags than numbers are left adds none of them', async () => {
    const indexer = await CollectingIndexer.start();
    const options = { targets: [indexer.address], secret: SECRET, closeTimeout: 20 };
    const muxer = new IngestMuxer({ ...options, tags: ['first'] });
    onTestFinished(async () => void (await muxer.close()));
    muxer.start();
    for (let i = 1; i < 65_534; i++) muxer.negotiateTag(`t${i}`);
    const wanted = { ...options, tags: ['first', 'one', 'two'] };
    expect(() => muxer.checkReload(wanted)).toThrow(TooManyTagsError);
    await expect(muxer.reload(wanted)).rejects.toMatchObject({ tag: 'two' });
    expect(muxer.knownTags()).toHaveLength(65_534);
    muxer.checkReload({ ...options, tags: ['first', 'one'] });
  });
});
