import { AddressOrder } from '@ringest/workers/internal';
import { describe, expect, it } from 'vitest';

describe('the addresses of an attempt', () => {
  it('begin behind the one where the last attempt has ended', () => {
    const order = new AddressOrder();
    expect(order.next(['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
    order.failedAt('a');
    expect(order.next(['a', 'b', 'c'])).toEqual(['b', 'c', 'a']);
    order.failedAt('c');
    expect(order.next(['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
  });

  it('begin with the one that has worked last, as long as the name has it', () => {
    const order = new AddressOrder();
    order.failedAt('b');
    order.worked('b');
    expect(order.next(['a', 'b', 'c'])).toEqual(['b', 'c', 'a']);
    expect(order.next(['a', 'c'])).toEqual(['a', 'c']);
  });

  it('are eight at most, and the others in the next attempts', () => {
    const all = Array.from({ length: 20 }, (_, i) => `${i}`);
    const order = new AddressOrder();
    const tried = new Set<string>();
    for (let attempt = 0; attempt < 3; attempt++) {
      const next = order.next(all);
      expect(next).toHaveLength(8);
      for (const address of next) tried.add(address);
      order.failedAt(next.at(-1));
    }
    expect(tried.size).toBe(20);
  });
});
