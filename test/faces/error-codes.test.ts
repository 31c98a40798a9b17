import * as cache from '@ringest/cache';
import * as codec from '@ringest/codec';
import * as core from '@ringest/core';
import * as indexer from '@ringest/indexer';
import * as kafka from '@ringest/kafka';
import * as nats from '@ringest/nats';
import * as queues from '@ringest/queues';
import * as relay from '@ringest/relay';
import * as timestamps from '@ringest/timestamps';
import * as workers from '@ringest/workers';
import { describe, expect, it } from 'vitest';

/** Every class of an error that a package exports; core exports many of the others again. */
function errorClasses(): Set<abstract new (...parts: never[]) => Error> {
  const all = [
    codec,
    workers,
    cache,
    core,
    indexer,
    timestamps,
    queues,
    nats,
    kafka,
    relay,
  ].flatMap((one) => Object.values(one));
  return new Set(all.filter((one) => typeof one === 'function' && one.prototype instanceof Error));
}

/** The codes in the source of a class: an instance cannot be made without its values. */
const codesIn = (kind: unknown) => [...`${kind}`.matchAll(/\bcode = '(\w+)'/g)].map(([, it]) => it);

describe('the code of an error', () => {
  it('is that of one class only, over all packages', () => {
    const classes = new Map<string, string[]>();
    for (const kind of errorClasses()) {
      for (const code of codesIn(kind)) {
        classes.set(`${code}`, [...(classes.get(`${code}`) ?? []), kind.name]);
      }
    }
    expect(classes.get('ERR_UNKNOWN_TAG')).toEqual(['UnknownTagError']);
    expect([...classes].filter(([, names]) => names.length > 1)).toEqual([]);
  });

  it('is there in every class, but for those that others are derived from', () => {
    const without = [...errorClasses()].filter((kind) => codesIn(kind).length === 0);
    expect(without.map(({ name }) => name)).toEqual([
      'RingestError',
      'CacheError',
      'TimeOptionError',
    ]);
  });
});
