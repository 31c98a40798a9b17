import dns, { type LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { ConnectionLoss } from '../connection-loss.js';
import { deadline } from './deadline.js';

/** Finds all addresses of a name, in the order of the operating system. */
export type Lookup = (name: string) => Promise<readonly LookupAddress[]>;

/**
 * Finds the addresses of hosts. A lookup cannot be cancelled, and it occupies one of the few threads that
 * Node.js has for files too. So a lookup that takes too long goes on, and the next attempt waits for it.
 */
export class HostAddresses {
  readonly #lookup: Lookup;
  readonly #underWay = new Map<string, Promise<readonly LookupAddress[]>>();

  constructor(lookup: Lookup = lookUp) {
    this.#lookup = lookup;
  }

  /**
   * Finds the addresses of a host. IPv6 and IPv4 alternate, beginning with the family of the first one.
   * @param milliseconds the time limit
   * @throws {ConnectionLoss} the name has no address, or none was found in time
   * @throws the reason of the signal, when it is aborted
   */
  async find(host: string, milliseconds: number, signal: AbortSignal): Promise<readonly string[]> {
    if (isIP(host) !== 0) return [host];
    const found = await this.#inTime(host, milliseconds, signal);
    if (found.length === 0) throw new ConnectionLoss('dial', `the name ${host} has no address`);
    return inTurn(found);
  }

  #inTime(
    name: string,
    milliseconds: number,
    signal: AbortSignal,
  ): Promise<readonly LookupAddress[]> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => {
        settle();
        reject(error);
      };
      const onAbort = () => fail(signal.reason);
      const callOff = deadline(milliseconds, () => {
        fail(
          new ConnectionLoss(
            'timeout',
            `the name ${name} was not resolved within ${milliseconds} ms`,
          ),
        );
      });
      const settle = () => {
        callOff();
        signal.removeEventListener('abort', onAbort);
      };
      signal.addEventListener('abort', onAbort);
      this.#join(name).then(
        (addresses) => {
          settle();
          resolve(addresses);
        },
        (cause: Error) => {
          const text = `the name ${name} cannot be resolved: ${cause.message}`;
          fail(new ConnectionLoss('dial', text, { cause }));
        },
      );
    });
  }

  #join(name: string): Promise<readonly LookupAddress[]> {
    const underWay = this.#underWay.get(name);
    if (underWay !== undefined) return underWay;
    const lookup = this.#lookup(name).finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, lookup);
    return lookup;
  }
}

/** Asks the operating system, with the current `dns.lookup`: programs replace that function. */
function lookUp(name: string): Promise<readonly LookupAddress[]> {
  const options = { all: true, hints: dns.ADDRCONFIG } as const;
  return new Promise((resolve, reject) => {
    dns.lookup(name, options, (error, addresses) => {
      if (error) reject(error);
      else resolve(addresses);
    });
  });
}

/** Alternates the families: one of them may have no route, and must not come first as a whole (RFC 8305). */
function inTurn(found: readonly LookupAddress[]): string[] {
  const first = found.filter(({ family }) => family === found[0]?.family);
  const second = found.filter(({ family }) => family !== found[0]?.family);
  const pairs = found.map((_, i) => [first[i], second[i]]);
  return pairs.flat().flatMap((one) => (one === undefined ? [] : [one.address]));
}
