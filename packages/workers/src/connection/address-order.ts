/** The most addresses of one attempt. The next attempt goes on after them. */
const MAX_ADDRESSES = 8;

/**
 * The order in which a lane tries the addresses of its host. An attempt goes on where the last one has
 * ended, so an address that works is reached however many dead ones are before it.
 */
export class AddressOrder {
  #behind: string | undefined;
  #from: string | undefined;

  /** The addresses of the next attempt. */
  next(addresses: readonly string[]): readonly string[] {
    const from = this.#from === undefined ? -1 : addresses.indexOf(this.#from);
    const start = from < 0 ? this.#indexBehind(addresses) : from;
    return [...addresses.slice(start), ...addresses.slice(0, start)].slice(0, MAX_ADDRESSES);
  }

  /** The attempt has failed at this address: the next one begins after it. */
  failedAt(address: string | undefined): void {
    this.#behind = address;
    this.#from = undefined;
  }

  /** The address works: the next attempt begins with it. */
  worked(address: string): void {
    this.#from = address;
    this.#behind = undefined;
  }

  #indexBehind(addresses: readonly string[]): number {
    return this.#behind === undefined ? 0 : addresses.indexOf(this.#behind) + 1;
  }
}
