import { GRAVWELL_TAG, MAX_TAGS } from '@ringest/codec';
import { InvalidOptionError, TagNotGrantedError, TagTable } from '@ringest/indexer';
import { describe, expect, it } from 'vitest';

describe('a tag table', () => {
  it('counts down from its first number', () => {
    const table = new TagTable(1000);
    expect([table.negotiate('a'), table.negotiate('b')]).toEqual([1000, 999]);
  });

  it('gives a name the same number again', () => {
    const table = new TagTable(1000);
    const number = table.negotiate('a');
    table.negotiate('b');
    expect(table.negotiate('a')).toBe(number);
    expect(table.negotiate(' a ')).toBe(number);
  });

  it('gives gravwell its fixed number', () => {
    expect(new TagTable(5).negotiate('gravwell')).toBe(GRAVWELL_TAG);
  });

  it('lists names with their numbers', () => {
    const table = new TagTable(3);
    table.negotiate('a');
    expect([...table]).toEqual([
      ['gravwell', GRAVWELL_TAG],
      ['a', 3],
    ]);
  });

  it.each(['', 'a b', 'a*', 'x'.repeat(4097)])('refuses what is no tag name: %j', (name) => {
    expect(() => new TagTable(0).negotiate(name)).toThrow(TagNotGrantedError);
  });

  it.each([-1, 65535, 1.5, Number.NaN])('cannot begin at %d', (first) => {
    expect(() => new TagTable(first)).toThrow(InvalidOptionError);
  });

  it('gives every number but that of gravwell once, then refuses', () => {
    const table = new TagTable(1);
    const numbers = new Set<number>();
    for (let i = 0; i < MAX_TAGS; i++) numbers.add(table.negotiate(`tag-${i}`));
    expect(numbers.size).toBe(MAX_TAGS);
    expect(numbers.has(GRAVWELL_TAG)).toBe(false);
    expect(Math.max(...numbers)).toBe(MAX_TAGS - 1);
    expect(() => table.negotiate('one-more')).toThrow(TagNotGrantedError);
    expect(table.negotiate('tag-0')).toBe(1);
  });
});
