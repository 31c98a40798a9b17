import { Turns } from '@ringest/workers/internal';
import { describe, expect, it, vi } from 'vitest';

describe('turns', () => {
  it('are so many at a time; the others come in their order', async () => {
    const turns = new Turns(2);
    const begun: string[] = [];
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(async (name) => {
      const turn = await turns.begin();
      begun.push(name);
      return turn;
    });
    await Promise.all([a, b]);
    expect([begun.join(''), turns.waiting]).toEqual(['ab', 2]);
    (await b)?.end();
    await c;
    expect([begun.join(''), turns.waiting]).toEqual(['abc', 1]);
    (await a)?.end();
    await d;
    expect(begun.join('')).toBe('abcd');
  });

  it('end once, however often `end` is called', async () => {
    const turns = new Turns(1);
    const first = await turns.begin();
    first.end();
    first.end();
    await turns.begin();
    void turns.begin();
    expect(turns.waiting).toBe(1);
  });

  it('that are not waited for any more are nobody’s', async () => {
    const turns = new Turns(1);
    const first = await turns.begin();
    const closing = new AbortController();
    const given = turns.begin(closing.signal);
    const next = turns.begin();
    closing.abort(new Error('closed'));
    await expect(given).rejects.toThrow('closed');
    await expect(turns.begin(closing.signal)).rejects.toThrow('closed');
    first.end();
    await next;
    expect(turns.waiting).toBe(0);
  });

  it('may end by themselves, unless they are held before', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const turns = new Turns(1);
      const first = await turns.begin();
      const second = turns.begin();
      first.endIn(100);
      first.keep();
      vi.advanceTimersByTime(1000);
      await new Promise(setImmediate);
      expect(turns.waiting).toBe(1);
      first.endIn(100);
      vi.advanceTimersByTime(100);
      await second;
    } finally {
      vi.useRealTimers();
    }
  });

  it('that have ended may count again, above the limit', async () => {
    const turns = new Turns(1);
    const first = await turns.begin();
    first.end();
    const second = await turns.begin();
    first.keep();
    const third = turns.begin();
    second.end();
    await new Promise(setImmediate);
    expect(turns.waiting).toBe(1);
    first.end();
    await third;
    expect(turns.waiting).toBe(0);
  });
});
