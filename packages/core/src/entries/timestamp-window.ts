import { Timestamp, type UnixTime } from '@ringest/codec';
import type { WindowInput } from '../configuration/configuration.js';
import type { SettableTime } from './unix-time.js';

/** Writes a warning to the log. */
type WindowLog = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** How often it is reported at most that times are outside. */
const REPORT_MS = 60_000;

/** The times that entries may have: any other becomes the present time. */
export class TimestampWindow {
  readonly #past: number;
  readonly #future: number;
  readonly #outside: (time: UnixTime) => void;
  #reportAt = Number.NEGATIVE_INFINITY;

  /** @param outside called with a time that is outside, once a minute at most */
  constructor(
    { past = Number.POSITIVE_INFINITY, future = Number.POSITIVE_INFINITY }: WindowInput,
    outside: (time: UnixTime) => void,
  ) {
    this.#past = past;
    this.#future = future;
    this.#outside = outside;
  }

  /** The window of a configuration. It logs a time that is outside. */
  static of(input: WindowInput | undefined, log: WindowLog): TimestampWindow | undefined {
    if (input === undefined) return undefined;
    return new TimestampWindow(input, (time) => {
      const timestamp = Timestamp.from(time).toString();
      const text = 'an entry has a time outside of timestampWindow: it gets the present time';
      log({ timestamp }, text);
    });
  }

  /**
   * Sets a time to the present one if it is outside.
   * @param now Unix milliseconds
   * @returns whether it was
   */
  apply(time: SettableTime, now = Date.now()): boolean {
    const at = time.seconds * 1000 + time.nanoseconds / 1e6;
    if (at >= now - this.#past && at <= now + this.#future) return false;
    if (now >= this.#reportAt) {
      this.#reportAt = now + REPORT_MS;
      this.#outside({ seconds: time.seconds, nanoseconds: time.nanoseconds });
    }
    time.seconds = Math.floor(now / 1000);
    time.nanoseconds = (now - time.seconds * 1000) * 1e6;
    return true;
  }
}
