import { EnumeratedValue } from '@ringest/codec';
import type { EntryInput, EnumeratedInput } from '@ringest/core';

/**
 * An entry that has the place of its message behind its own enumerated values, of which it replaces those of the same
 * names: `topic` (string), `partition` and `offset` (int64).
 */
export function withPlace(
  entry: EntryInput,
  topic: string,
  partition: number,
  offset: string,
): EntryInput {
  const number = Number(offset);
  const place = {
    topic,
    partition,
    offset: Number.isSafeInteger(number) ? number : BigInt(offset),
  };
  const { enumeratedValues: own } = entry;
  if (!isList(own)) return { ...entry, enumeratedValues: { ...own, ...place } };
  const values = Object.entries(place).map(([name, value]) => EnumeratedValue.infer(name, value));
  return { ...entry, enumeratedValues: [...own, ...values] };
}

const isList = (values: EnumeratedInput | undefined): values is readonly EnumeratedValue[] =>
  Array.isArray(values);
