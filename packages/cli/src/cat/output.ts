/** Bytes are written together once there are so many. */
const WRITE_BYTES = 64 * 1024;

/** Standard output, for many small parts. A reader that has seen enough, such as `head`, ends it. */
export class Output {
  #parts: Buffer[] = [];
  #bytes = 0;
  readonly #stopped = new AbortController();

  constructor() {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      this.#stopped.abort();
    });
  }

  /** Aborted when nobody reads any more. */
  get stopped(): AbortSignal {
    return this.#stopped.signal;
  }

  /** Whether {@link flush} should be called before more is added. */
  get isFull(): boolean {
    return this.#bytes >= WRITE_BYTES;
  }

  /** Adds bytes, which must stay until {@link flush}. */
  readonly add = (bytes: Buffer): void => {
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
  };

  /** Writes what was added. Resolves when the system has it, or nobody reads any more: see {@link stopped}. */
  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.#parts, this.#bytes);
    this.#parts = [];
    this.#bytes = 0;
    if (bytes.length === 0 || this.stopped.aborted) return;
    await new Promise<void>((resolve) => {
      process.stdout.write(bytes, (error: NodeJS.ErrnoException | null | undefined) => {
        // Any other error ends the process: see above.
        if (error?.code === 'EPIPE') this.#stopped.abort();
        resolve();
      });
    });
  }
}
