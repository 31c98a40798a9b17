/** Bytes are written together once there are so many. */
const WRITE_BYTES = 64 * 1024;

/** A reader that has seen enough, such as `head`, closes a pipe. */
const CLOSED = 'EPIPE';

/**
 * Lets readers of both outputs leave: what is written from then on goes nowhere, and ends nothing. Who
 * writes what a command is for learns of it by {@link Output} or {@link print}.
 */
export function letReadersLeave(): void {
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {});
}

/**
 * Writes a text to standard output. Resolves when the system has it, or nobody reads any more.
 * @throws the error of the system, such as of a full disk
 */
export async function print(text: string): Promise<void> {
  await write(Buffer.from(text));
}

/** Standard output, for many small parts. A reader that has seen enough ends it. */
export class Output {
  #parts: Buffer[] = [];
  #bytes = 0;
  readonly #stopped = new AbortController();

  constructor() {
    process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === CLOSED) this.#stopped.abort();
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

  /**
   * Writes what was added. Resolves when the system has it, or nobody reads any more: see {@link stopped}.
   * @throws the error of the system, such as of a full disk
   */
  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.#parts, this.#bytes);
    this.#parts = [];
    this.#bytes = 0;
    if (bytes.length === 0 || this.stopped.aborted) return;
    if (!(await write(bytes))) this.#stopped.abort();
  }
}

/** @returns whether somebody can read it */
function write(bytes: Buffer): Promise<boolean> {
  return new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error: NodeJS.ErrnoException | null | undefined) => {
      if (!error || error.code === CLOSED) resolve(!error);
      else reject(error);
    });
  });
}
