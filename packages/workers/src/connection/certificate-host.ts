import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';

/** The code of the error that a certificate is for another host. */
export const WRONG_HOST = 'ERR_TLS_CERT_ALTNAME_INVALID';

/**
 * Checks that a certificate is for a host.
 * @returns the error; `undefined`: the certificate is for the host
 */
export function checkCertificateHost(
  host: string,
  certificate: PeerCertificate,
): Error | undefined {
  if (isIP(host) === 0) return checkServerIdentity(host, certificate);
  // `checkServerIdentity` of some releases of Node.js 22 does not know IPv6 addresses. The zone of a
  // link-local address is not in certificates.
  const [address = ''] = host.split('%');
  if (new X509Certificate(certificate.raw).checkIP(address) !== undefined) return undefined;
  const error = new Error(`the certificate is not for the address ${address}`);
  return Object.assign(error, { code: WRONG_HOST, cert: certificate });
}
