import { InvalidAddressError, parseListenAddress } from '@ringest/indexer';
import { describe, expect, it } from 'vitest';

describe('an address to listen on', () => {
  it.each([
    ['127.0.0.1:0', 'tcp', '127.0.0.1', 0],
    ['tcp://127.0.0.1:5000', 'tcp', '127.0.0.1', 5000],
    ['TCP://localhost:65535', 'tcp', 'localhost', 65535],
    ['indexer.example', 'tcp', 'indexer.example', 4023],
    ['tcp://[::1]:5000', 'tcp', '::1', 5000],
    ['[::1]', 'tcp', '::1', 4023],
    ['tls://127.0.0.1:5000', 'tls', '127.0.0.1', 5000],
    ['Tls://indexer.example', 'tls', 'indexer.example', 4024],
    ['tls://[::1]', 'tls', '::1', 4024],
  ])('%s is %s on %s, port %d', (text, scheme, host, port) => {
    expect(parseListenAddress(text)).toEqual({ scheme, host, port });
  });

  it('without a scheme can be of tls, with its default port', () => {
    expect(parseListenAddress('host', 'tls')).toEqual({ scheme: 'tls', host: 'host', port: 4024 });
    expect(parseListenAddress('tcp://host', 'tls')).toMatchObject({ scheme: 'tcp', port: 4023 });
  });

  it.each([
    ['pipe:///run/indexer.sock', '/run/indexer.sock'],
    ['PIPE:///a b:1', '/a b:1'],
    [`pipe:///${'x'.repeat(106)}`, `/${'x'.repeat(106)}`],
    [`pipe:///${'ü'.repeat(53)}`, `/${'ü'.repeat(53)}`],
  ])('%s is a path', (text, path) => {
    expect(parseListenAddress(text)).toEqual({ scheme: 'pipe', path });
  });

  it.each([
    ['udp://127.0.0.1:5000'],
    ['tls://'],
    ['tls://host:65536'],
    ['pipe://'],
    ['pipe:///'],
    ['pipe://relative'],
    ['pipe:///directory/'],
    ['pipe:///nul\0character'],
    [`pipe:///${'x'.repeat(107)}`],
    [`pipe:///${'ü'.repeat(54)}`],
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
