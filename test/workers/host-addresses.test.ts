import type { LookupAddress } from 'node:dns';
import { HostAddresses } from '@ringest/workers/internal';
import { describe, expect, it } from 'vitest';

const LONG = 60_000;
const never = new AbortController().signal;

const v4 = (address: string): LookupAddress => ({ address, family: 4 });
const v6 = (address: string): LookupAddress => ({ address, family: 6 });

/** Lookups that the test answers, in the order in which they were begun. */
function lookups() {
  const begun: { name: string; answer: PromiseWithResolvers<readonly LookupAddress[]> }[] = [];
  const addresses = new HostAddresses((name) => {
    const answer = withResolvers();
    begun.push({ name, answer });
    return answer.promise;
  });
  return { addresses, begun };
}

interface PromiseWithResolvers<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: Error) => void;
}

function withResolvers(): PromiseWithResolvers<readonly LookupAddress[]> {
  let settle: Omit<PromiseWithResolvers<readonly LookupAddress[]>, 'promise'> | undefined;
  const promise = new Promise<readonly LookupAddress[]>((resolve, reject) => {
    settle = { resolve, reject };
  });
  if (settle === undefined) throw new Error('a promise runs its executor at once');
  return { promise, ...settle };
}

describe('the addresses of a host', () => {
  it.each(['10.0.0.1', '::1', 'fe80::1%eth0'])('that is one are it: %s', async (host) => {
    const { addresses, begun } = lookups();
    expect(await addresses.find(host, LONG, never)).toEqual([host]);
    expect(begun).toEqual([]);
  });

  it.each([
    [[v4('a'), v4('b'), v6('c'), v6('d'), v6('e')], 'acbde'],
    [[v6('a'), v6('b'), v4('c')], 'acb'],
    [[v6('a')], 'a'],
  ])('come with both families in turn, as the first is', async (found, order) => {
    const addresses = new HostAddresses(async () => found);
    expect((await addresses.find('name', LONG, never)).join('')).toBe(order);
  });

  it('are those of the operating system', async () => {
    const found = await new HostAddresses().find('localhost', LONG, never);
    expect(['127.0.0.1', '::1']).toContain(found[0]);
  });
});

describe('a name', () => {
  it('that does not exist, or has no address, is named in the error with why', async () => {
    const { addresses, begun } = lookups();
    const finding = addresses.find('far.test', LONG, never);
    begun[0]?.answer.reject(new Error('getaddrinfo ENOTFOUND far.test'));
    await expect(finding).rejects.toMatchObject({
      reason: 'dial',
      message: 'the name far.test cannot be resolved: getaddrinfo ENOTFOUND far.test',
    });
    const empty = new HostAddresses(async () => []);
    await expect(empty.find('far.test', LONG, never)).rejects.toMatchObject({
      reason: 'dial',
      message: 'the name far.test has no address',
    });
  });

  it('that is not resolved in time is told apart from an address that does not answer', async () => {
    const { addresses } = lookups();
    await expect(addresses.find('far.test', 1, never)).rejects.toMatchObject({
      reason: 'timeout',
      message: 'the name far.test was not resolved within 1 ms',
    });
  });

  it('whose lookup takes too long is not looked up again: the next attempt waits for it', async () => {
    const { addresses, begun } = lookups();
    await expect(addresses.find('far.test', 1, never)).rejects.toThrow('not resolved');
    const second = addresses.find('far.test', LONG, never);
    const another = addresses.find('far.test', LONG, never);
    begun[0]?.answer.resolve([v4('10.0.0.1')]);
    expect([await second, await another]).toEqual([['10.0.0.1'], ['10.0.0.1']]);
    expect(begun.map(({ name }) => name)).toEqual(['far.test']);
    void addresses.find('far.test', LONG, never);
    expect(begun).toHaveLength(2);
  });

  it('is waited for no longer when the lane is closed', async () => {
    const { addresses } = lookups();
    const closing = new AbortController();
    const finding = addresses.find('far.test', LONG, closing.signal);
    closing.abort(new Error('closed'));
    await expect(finding).rejects.toThrow('closed');
  });
});
