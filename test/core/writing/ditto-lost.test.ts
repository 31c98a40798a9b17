import { getEventListeners, once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { encodeConfirmDittoBlock, encodePong, encodeThrottle } from '@ringest/codec';
import { DittoError, type IngestMuxer } from '@ringest/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { BLOCK, blockOf, connected, ENTRY, failureOf, textsOf } from '../../support/dittos.js';
import { hotMuxer } from '../../support/muxer.js';
import { type ScriptedConnection, ScriptedIndexer } from '../../support/scripted-indexer.js';
import { eventually } from '../../support/waiting.js';

const STORED = encodeConfirmDittoBlock(0);

/** Has the only lane send nothing until the indexer says something. */
async function throttle(muxer: IngestMuxer, connection: ScriptedConnection): Promise<void> {
  connection.write(encodeThrottle(5e9));
  const throttled = () => muxer.stats().lanes[0]?.balancer.throttledMs;
  await eventually(() => expect(throttled()).toBeGreaterThan(0));
}

describe('a ditto block whose connection is lost', () => {
  it('after it was sent is an error; only what else was written is sent again', async () => {
    const { indexer, connection, muxer } = await connected({
      dittoResult: undefined,
      confirms: 'never',
    });
    const failed = failureOf(muxer.dittoWrite(BLOCK));
    muxer.writeEntry(ENTRY);
    await blockOf(connection, 0, BLOCK.length);
    await connection.entries(1);
    connection.socket.destroy();
    expect(await failed).toMatchObject({
      reason: 'lost',
      mayBeStored: true,
      message: expect.stringContaining('may or may not be stored'),
    });
    const next = await indexer.hot(1);
    await next.entries(1);
    next.confirmThrough(1);
    await muxer.sync();
    expect(next.dittos).toEqual([]);
    expect(next.frames.map(({ id }) => id)).toEqual([1]);
  });

  it('before it was sent is an error that says so', async () => {
    const { indexer, connection, muxer } = await connected();
    await throttle(muxer, connection);
    const failed = failureOf(muxer.dittoWrite(BLOCK));
    connection.socket.destroy();
    expect(await failed).toMatchObject({
      reason: 'lost',
      mayBeStored: false,
      message: expect.stringContaining('is not stored'),
    });
    await indexer.hot(1);
    await muxer.dittoWrite(BLOCK);
  });

  it('by the end of the muxer is an error, once that has waited long enough', async () => {
    const { connection, muxer } = await connected(
      { dittoResult: undefined },
      { closeTimeout: 100 },
    );
    const failed = failureOf(muxer.dittoWrite(BLOCK));
    await blockOf(connection, 0, BLOCK.length);
    await throttle(muxer, connection);
    const alsoFailed = failureOf(muxer.dittoWrite(BLOCK));
    await muxer.close();
    expect(await failed).toMatchObject({ reason: 'lost', mayBeStored: true });
    expect(await alsoFailed).toMatchObject({ reason: 'lost', mayBeStored: false });
    expect(muxer.stats().dittoBytes).toBe(0);
  });

  it('by the death of its thread is an error', async () => {
    const started = once(process, 'worker');
    const { connection, muxer } = await connected({ dittoResult: undefined });
    const failed = failureOf(muxer.dittoWrite(BLOCK));
    await blockOf(connection, 0, BLOCK.length);
    const [thread] = (await started) as [Worker];
    await thread.terminate();
    expect(await failed).toMatchObject({ reason: 'lost', mayBeStored: true });
  });

  it('keeps its memory until the socket is closed', async () => {
    const block = (letter: string) => {
      const data = Buffer.alloc(1_000_000, letter);
      return Array.from({ length: 24 }, () => ({ ...ENTRY, data }));
    };
    const indexer = await ScriptedIndexer.listen({ dittoResult: undefined, lingers: true });
    const other = await ScriptedIndexer.listen();
    const targets = [indexer.address, other.address];
    const { port } = other;
    await other.close();
    const muxer = await hotMuxer({ targets });
    const connection = await indexer.hot(0);
    let hasOthers = false;
    connection.socket.on('data', (chunk) => {
      if (chunk.includes('BBBBBBBB')) hasOthers = true;
    });
    connection.socket.pause();
    const failed = failureOf(muxer.dittoWrite(block('A')));
    const again = await ScriptedIndexer.listen({ port });
    await again.hot(0);
    await eventually(() => expect(muxer.hot()).toBe(2));
    const isOver = failed.then(async (error) => {
      await muxer.dittoWrite(block('B'));
      return error;
    });
    // No command: the connection ends on this side, while most of the block is still to be sent.
    connection.write(Buffer.alloc(8, 0xee));
    // What the block's thread has told by then has come before the answer to another one.
    await eventually(() => expect(muxer.hot()).toBe(1));
    await muxer.dittoWrite([ENTRY]);
    connection.socket.resume();
    expect(await isOver).toMatchObject({ reason: 'lost' });
    expect(hasOthers).toBe(false);
  });
});

describe('a muxer that closes', () => {
  it('waits for the answers to its ditto blocks', async () => {
    const { connection, muxer } = await connected(
      { dittoResult: undefined },
      { closeTimeout: 60_000 },
    );
    const stored = muxer.dittoWrite(BLOCK);
    const refused = failureOf(muxer.dittoWrite(BLOCK));
    await blockOf(connection, 1, BLOCK.length);
    const closed = muxer.close();
    connection.write(Buffer.concat([STORED, encodeConfirmDittoBlock(4)]));
    await closed;
    await stored;
    expect(await refused).toMatchObject({ reason: 'refused' });
  });
});

describe('a signal', () => {
  it('that is aborted already sends nothing', async () => {
    const { connection, muxer } = await connected();
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    for (const block of [BLOCK, []]) {
      const error = await failureOf(muxer.dittoWrite(block, { signal }));
      expect(error).toBeInstanceOf(DittoError);
      expect(error).toMatchObject({ reason: 'cancelled', mayBeStored: false, cause: reason });
    }
    await muxer.writeEntry(ENTRY);
    await muxer.sync();
    expect(connection.dittos).toEqual([]);
  });

  it('takes a block back that is not sent', async () => {
    const { connection, muxer } = await connected();
    await throttle(muxer, connection);
    const cancelling = new AbortController();
    const failed = failureOf(muxer.dittoWrite(BLOCK, cancelling));
    const other = muxer.dittoWrite([ENTRY]);
    cancelling.abort('enough');
    expect(await failed).toMatchObject({
      code: 'ERR_DITTO',
      reason: 'cancelled',
      mayBeStored: false,
      cause: 'enough',
    });
    connection.write(encodePong());
    await other;
    expect(connection.dittos.map(textsOf)).toEqual([['a']]);
  });

  it('ends the waiting for a block that is sent, which is answered nevertheless', async () => {
    const { connection, muxer } = await connected({ dittoResult: undefined });
    const cancelling = new AbortController();
    const failed = failureOf(muxer.dittoWrite(BLOCK, cancelling));
    await blockOf(connection, 0, BLOCK.length);
    cancelling.abort();
    expect(await failed).toMatchObject({ reason: 'cancelled', mayBeStored: true });
    const next = muxer.dittoWrite([ENTRY]);
    await blockOf(connection, 1, 1);
    connection.write(Buffer.concat([encodeConfirmDittoBlock(9), STORED]));
    await next;
  });

  it('does not keep the answer of a sent block away that comes with it', async () => {
    const { connection, muxer } = await connected({ dittoResult: undefined });
    const cancelling = new AbortController();
    const stored = muxer.dittoWrite(BLOCK, cancelling);
    await blockOf(connection, 0, BLOCK.length);
    connection.write(STORED);
    cancelling.abort();
    await stored;
  });

  it('serves many blocks with one listener, and nothing of them stays with it', async () => {
    const { connection, muxer } = await connected({ dittoResult: undefined });
    const warned = vi.fn();
    process.on('warning', warned);
    onTestFinished(() => void process.off('warning', warned));
    const { signal } = new AbortController();
    const all = Array.from({ length: 50 }, () => muxer.dittoWrite(BLOCK, { signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await blockOf(connection, 49, BLOCK.length);
    connection.write(Buffer.concat(all.map(() => STORED)));
    await Promise.all(all);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(warned).not.toHaveBeenCalled();
  });

  it('takes all blocks back that are not sent', async () => {
    const { connection, muxer } = await connected();
    await throttle(muxer, connection);
    const cancelling = new AbortController();
    const all = Array.from({ length: 50 }, () => failureOf(muxer.dittoWrite(BLOCK, cancelling)));
    cancelling.abort();
    for (const error of await Promise.all(all)) {
      expect(error).toMatchObject({ reason: 'cancelled', mayBeStored: false });
    }
    expect(muxer.stats().dittoBytes).toBe(0);
    expect(getEventListeners(cancelling.signal, 'abort')).toEqual([]);
    expect(connection.dittos).toEqual([]);
  });
});
