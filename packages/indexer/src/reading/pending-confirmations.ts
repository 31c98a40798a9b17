/** What waits for a promise. */
interface Pending {
  /** What leaves; `undefined`: it is not known yet. */
  bytes: Buffer | undefined;
}

/** What {@link PendingConfirmations} tells about. */
export interface PendingEvents {
  /** This is next, and its promise is fulfilled. */
  ready(confirmations: Buffer): void;
  /** A promise was rejected, or {@link ready} has thrown. Nothing leaves any more. */
  failed(error: unknown): void;
}

/**
 * Confirmations that wait for promises of the handler. Each leaves once its own promise and those of all
 * before it are fulfilled.
 */
export class PendingConfirmations {
  readonly #events: PendingEvents;
  readonly #queue: Pending[] = [];
  readonly #settled: (() => void)[] = [];
  #isClosed = false;

  constructor(events: PendingEvents) {
    this.#events = events;
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** @param confirmations resolves with what leaves */
  push(confirmations: Promise<Buffer>): void {
    const pending: Pending = { bytes: undefined };
    this.#queue.push(pending);
    confirmations.then(
      (bytes) => {
        pending.bytes = bytes;
        this.#proceed();
      },
      (error) => this.#fail(error),
    );
  }

  /** Resolves once nothing waits any more, or {@link close} was called. */
  settled(): Promise<void> {
    if (this.isEmpty) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  /** Forgets what waits. */
  close(): void {
    this.#isClosed = true;
    this.#queue.length = 0;
    this.#tell();
  }

  #proceed(): void {
    try {
      while (!this.#isClosed && this.#queue[0]?.bytes !== undefined) {
        const bytes = this.#queue.shift()?.bytes;
        if (bytes !== undefined) this.#events.ready(bytes);
      }
    } catch (error) {
      this.#fail(error);
    }
    if (this.isEmpty) this.#tell();
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return;
    this.close();
    this.#events.failed(error);
  }

  #tell(): void {
    for (const resolve of this.#settled.splice(0)) resolve();
  }
}
