import type { ListenStatus } from '../../status/status-reply.js';
import { HeldBytes } from './held-bytes.js';
import { StreamRoom } from './stream-room.js';

/** What counts the datagrams that the kernel has dropped; `undefined`: it does not say. */
export type KernelDrops = () => number | undefined;

/**
 * Accounts for what the listeners of a `ship` hold. Each kind of senders has its own share of `--max-waiting`,
 * so that none takes the room of another: half of it for bodies, and a quarter each for streams and datagrams.
 */
export class ListenAccount {
  readonly bodies: HeldBytes;
  readonly datagrams: HeldBytes;
  readonly streams: StreamRoom;
  /** Datagrams that found no room here. */
  dropped = 0;
  refusedConnections = 0;
  busyRequests = 0;
  readonly #maxBytes: number;
  readonly #total = { bytes: 0, most: 0 };
  readonly #sockets = new Set<KernelDrops>();
  #closedDrops = 0;
  #isKnown = true;
  #hasListeners = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.bodies = new HeldBytes(maxBytes / 2, this.#total);
    this.datagrams = new HeldBytes(maxBytes / 4, this.#total);
    this.streams = new StreamRoom(new HeldBytes(maxBytes / 4, this.#total));
  }

  /** A listener has begun. */
  begin(): void {
    this.#hasListeners = true;
  }

  /** Counts what the kernel drops at a socket, until it is closed. */
  addSocket(drops: KernelDrops): void {
    this.#sockets.add(drops);
  }

  /** Keeps the count of a socket that is about to be closed. */
  closeSocket(drops: KernelDrops): void {
    if (!this.#sockets.delete(drops)) return;
    this.#closedDrops += this.#known(drops);
  }

  /** `undefined`: there is no listener. */
  status(): ListenStatus | undefined {
    if (!this.#hasListeners) return undefined;
    let byKernel = this.#closedDrops;
    for (const drops of this.#sockets) byKernel += this.#known(drops);
    return {
      heldBytes: this.#total.bytes,
      mostHeldBytes: this.#total.most,
      maxWaitingBytes: this.#maxBytes,
      dropped: this.dropped + byKernel,
      droppedByKernel: this.#isKnown ? byKernel : null,
      cutConnections: this.streams.cut,
      refusedConnections: this.refusedConnections,
      busyRequests: this.busyRequests,
    };
  }

  #known(drops: KernelDrops): number {
    const count = drops();
    if (count === undefined) this.#isKnown = false;
    return count ?? 0;
  }
}
