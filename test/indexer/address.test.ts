import { InvalidAddressError, parseListenAddress } from '@ringest/indexer';
import { describe, expect, it } from 'vitest';

describe('an address to listen on', () => {
  it.each([
    ['127.0.0.1:0', '127.0.0.1', 0],
    ['tcp://127.0.0.1:5000', '127.0.0.1', 5000],
    ['TCP://localhost:65535', 'localhost', 65535],
    ['indexer.example', 'indexer.example', 4023],
    ['tcp://[::1]:5000', '::1', 5000],
    ['[::1]', '::1', 4023],
  ])('%s is %s, port %d', (text, host, port) => {
    expect(parseListenAddress(text)).toEqual({ host, port });
  });

  it.each([
    ['tls://127.0.0.1:5000'],
    ['tcp://'],
    [''],
    [':5000'],
    ['host:'],
    ['host:port'],
    ['host:65536'],
    ['host:-1'],
    ['::1'],
    ['[::1'],
    ['host:1:2'],
    ['host/path:1'],
    ['ho st:1'],
    ['tcp://tcp://host:1'],
  ])('cannot be %j', (text) => {
    expect(() => parseListenAddress(text)).toThrow(InvalidAddressError);
  });
});
