import type { PeerCertificate } from 'node:tls';
import { ConnectionLoss } from '../connection-loss.js';
import { WRONG_HOST } from './certificate-host.js';

/**
 * The certificate of the signer is neither sent nor trusted. It may be an authority, or an intermediate
 * certificate of a trusted authority: the error does not distinguish these.
 */
const INCOMPLETE =
  'is signed by one that is not trusted, and that the indexer does not send: if it is an intermediate ' +
  'certificate, have the indexer send its whole chain, or add it to tls.ca; if it is the authority, ' +
  'give that as tls.ca';

/** What is wrong with the indexer's certificate and what to do, by the code of the error. */
const CERTIFICATE_PROBLEMS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired: it needs a new one',
  CERT_NOT_YET_VALID: 'is not valid yet: look at the clocks of both machines',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is self-signed and not trusted: give it as tls.ca to trust it',
  SELF_SIGNED_CERT_IN_CHAIN: 'is signed by an authority that is not trusted: give that as tls.ca',
  UNABLE_TO_GET_ISSUER_CERT: 'is signed by an authority that is not trusted: give that as tls.ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: INCOMPLETE,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: INCOMPLETE,
  CERT_REVOKED: 'is revoked: it needs a new one',
  CERT_UNTRUSTED: 'is not trusted for a server: it needs another one',
  CERT_REJECTED: 'is not trusted for a server: it needs another one',
  CERT_SIGNATURE_FAILURE: 'has a wrong signature: it needs another one',
  INVALID_PURPOSE: 'is not made for a server: it needs another one',
  INVALID_CA: 'is signed by a certificate that is no authority: give another one as tls.ca',
  PATH_LENGTH_EXCEEDED: 'has more authorities above it than they allow: it needs another one',
  CERT_CHAIN_TOO_LONG: 'has too many authorities above it: it needs another one',
};

/** TLS alerts of an indexer that rejects the client certificate, or misses one. */
const REJECTED = /ALERT_(?:BAD_|UNSUPPORTED_)?CERTIFICATE|ALERT_UNKNOWN_CA/;
/** The only alert for a missing certificate up to TLS 1.2. */
const NOT_AGREED = /ALERT_HANDSHAKE_FAILURE/;
const NO_COMMON_VERSION = /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/;
const NO_TLS = /WRONG_VERSION_NUMBER|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG/;

/**
 * Translates the error of a socket.
 * @param reason the reason for errors that have nothing to do with certificates
 */
export function lossOf(error: NodeJS.ErrnoException, reason: 'dial' | 'lost'): ConnectionLoss {
  const options = { cause: error };
  const code = error.code ?? '';
  const problem = CERTIFICATE_PROBLEMS[code];
  if (problem !== undefined) {
    return new ConnectionLoss('certificate', `the indexer's certificate ${problem}`, options);
  }
  if (code === WRONG_HOST) {
    const text = `the indexer's certificate is for another host (${hostsOf(error)})`;
    return new ConnectionLoss(
      'certificate',
      `${text}: connect by that name, or set tls.servername`,
      options,
    );
  }
  if (REJECTED.test(code)) {
    const text = 'the indexer does not accept the client certificate, or that there is none';
    return new ConnectionLoss('certificate', `${text}: set tls.cert and tls.key`, options);
  }
  if (NOT_AGREED.test(code)) {
    const text = 'the indexer wants a client certificate, or has no cipher in common';
    return new ConnectionLoss('certificate', `${text}: look at tls.cert and tls.key`, options);
  }
  if (NO_TLS.test(code)) {
    return new ConnectionLoss(
      reason,
      'the indexer does not speak TLS there: is it a tcp:// port?',
      options,
    );
  }
  if (NO_COMMON_VERSION.test(code)) {
    return new ConnectionLoss(reason, 'the indexer speaks nothing newer than TLS 1.1', options);
  }
  return new ConnectionLoss(reason, error.message, options);
}

/** The likely loss when a connection ends right after the client certificate, without a reason. */
export function guessOfClient(loss: ConnectionLoss): ConnectionLoss {
  const guess = 'it may not accept the client certificate in tls.cert';
  return new ConnectionLoss('certificate', `${loss.message}: ${guess}`, { cause: loss });
}

/** The loss of a connection on which entries were sent, and none of them was confirmed. */
export function lossWithoutConfirmation(loss: ConnectionLoss, sent: number): ConnectionLoss {
  const fact = `the indexer has confirmed nothing of what it was sent (entries: ${sent})`;
  const advice = 'if that happens again and again, see whether it can store entries';
  return new ConnectionLoss(loss.reason, `${loss.message}: ${fact}; ${advice}`, { cause: loss });
}

/** The hosts that the certificate of an error is for. */
function hostsOf(error: NodeJS.ErrnoException & { readonly cert?: PeerCertificate }): string {
  const { subjectaltname, subject } = error.cert ?? {};
  const hosts = subjectaltname?.replaceAll('DNS:', '').replaceAll('IP Address:', '');
  return hosts ?? subject?.CN?.toString() ?? error.message;
}
