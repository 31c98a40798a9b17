import { X509Certificate } from 'node:crypto';
import { selfSigned } from '@ringest/bench/shared';
import { checkCertificateHost } from '@ringest/workers/internal';
import { beforeAll, describe, expect, it } from 'vitest';

let certificate: ReturnType<X509Certificate['toLegacyObject']>;

beforeAll(async () => {
  const hosts = ['indexer.example', '10.1.2.3', '2001:db8::5', 'fe80::1'];
  certificate = new X509Certificate((await selfSigned({ hosts })).cert).toLegacyObject();
});

describe('a certificate', () => {
  it.each([
    'indexer.example',
    'INDEXER.example',
    '10.1.2.3',
    '2001:db8::5',
    '2001:0DB8:0:0::0.0.0.5',
    'fe80::1%eth0',
  ])('is for its hosts, however they are written: %s', (host) => {
    expect(checkCertificateHost(host, certificate)).toBeUndefined();
  });

  it.each(['other.example', '10.1.2.4', '2001:db8::6', '::1'])('is not for %s', (host) => {
    expect(checkCertificateHost(host, certificate)).toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      cert: certificate,
    });
  });
});
