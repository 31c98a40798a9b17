import { preferredAddress } from '@ringest/core/internal';
import { expect, it } from 'vitest';

it.each([
  ['no address', [], undefined],
  ['one of this machine, if there is no other', ['::1', '127.0.0.1'], '::1'],
  ['the first that others can reach', ['127.9.9.9', '10.0.0.1', 'fd00::1'], '10.0.0.1'],
  ['one of IPv6', ['::1', '2001:db8::1'], '2001:db8::1'],
  ['one with a zone', ['127.0.0.1', 'fe80::1%eth0'], 'fe80::1%eth0'],
  ['not a loopback address in the form of IPv6', ['::ffff:127.0.0.1', '10.0.0.1'], '10.0.0.1'],
])('the address of an ingester is %s', (_name, addresses, expected) => {
  expect(preferredAddress(addresses)).toBe(expected);
});
