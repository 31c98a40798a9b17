import { Duplex } from 'node:stream';

/** A stream whose peer is the test: it decides what arrives when, and when writes are done. */
export class MemoryStream extends Duplex {
  /** What was written, write by write. */
  readonly written: Buffer[] = [];
  /** While this is set, writes are taken but never done. */
  stalled = false;
  /** Once this is set, writes fail with it. */
  failure: Error | undefined;
  #waiting: (() => void)[] = [];

  /** Lets bytes arrive, as one chunk. */
  receive(bytes: Uint8Array): void {
    this.push(Buffer.from(bytes));
  }

  receiveEnd(): void {
    this.push(null);
  }

  /** Lets all writes be done that have stalled. */
  resumeWrites(): void {
    this.stalled = false;
    for (const done of this.#waiting.splice(0)) done();
  }

  get output(): Buffer {
    return Buffer.concat(this.written);
  }

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.written.push(Buffer.from(bytes));
    if (this.stalled) this.#waiting.push(done);
    else done(this.failure);
  }
}
