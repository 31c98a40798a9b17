import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';

/** The code of an error that says: the certificate is for another host. */
export const WRONG_HOST = 'ERR_TLS_CERT_ALTNAME_INVALID';

/**
 * Checks that a certificate is for a host.
 * @returns what is wrong, or `undefined`
 */
export function checkCertificateHost(
  host: string,
  certificate: PeerCertificate,
): Error | undefined {
  if (isIP(host) === 0) return checkServerIdentity(host, certificate);
  // Not by `checkServerIdentity`: that of some releases of Node.js 22 knows no IPv6 address. The zone
  // of a link-local address is no part of it.
  const [address = ''] = host.split('%');
  if (new X509Certificate(certificate.raw).checkIP(address) !== undefined) return undefined;
  const error = new Error(`the certificate is not for the address ${address}`);
  return Object.assign(error, { code: WRONG_HOST, cert: certificate });
}
