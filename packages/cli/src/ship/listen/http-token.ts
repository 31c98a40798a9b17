import { createHash, timingSafeEqual } from 'node:crypto';
import { type Answer, HEC_ANSWERS } from './hec-answers.js';

/** What requests must have. Only its hash is kept, whose comparison takes the same time for all. */
export class HttpToken {
  readonly #hash: Buffer;

  constructor(token: string) {
    this.#hash = hashOf(token);
  }

  /**
   * Why a request may not be taken. A token comes in the header `Authorization`, as `Splunk` or `Bearer` and itself
   * or as the password of `Basic`; without that header, as `token` in the query.
   * @returns `undefined`: it has the token
   */
  refusal(authorization: string | undefined, query: URLSearchParams): Answer | undefined {
    const inQuery = query.get('token');
    if (authorization === undefined && inQuery === null) return HEC_ANSWERS.noToken;
    const given = authorization === undefined ? inQuery : tokenIn(authorization);
    if (given === null) return HEC_ANSWERS.noAuthorization;
    return timingSafeEqual(hashOf(given), this.#hash) ? undefined : HEC_ANSWERS.wrongToken;
  }
}

/** The token of a header; `null`: it has none. */
function tokenIn(authorization: string): string | null {
  const [, scheme = '', text = ''] =
    /^(splunk|bearer|basic)\s+(\S+)\s*$/i.exec(authorization) ?? [];
  if (scheme === '') return null;
  if (scheme.toLowerCase() !== 'basic') return text;
  const pair = Buffer.from(text, 'base64').toString();
  const colon = pair.indexOf(':');
  return colon === -1 ? null : pair.slice(colon + 1);
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
