import { Timestamp, type TimestampInput, type UnixTime } from '@ringest/codec';

/** A time that is set again and again, so that none has to be made for each entry. */
export interface SettableTime {
  /** Unix seconds. */
  seconds: number;
  nanoseconds: number;
}

/** Returns whether seconds and nanoseconds make a time. */
export function isUnixTime(seconds: unknown, nanoseconds: unknown): boolean {
  return (
    Number.isSafeInteger(seconds) &&
    Number.isInteger(nanoseconds) &&
    (nanoseconds as number) >= 0 &&
    (nanoseconds as number) < 1_000_000_000
  );
}

/**
 * Sets a time to the one of any input.
 * @throws {InvalidTimestampError} the input is not a time
 */
export function setUnixTime(time: SettableTime, input: TimestampInput): void {
  // Numbers, texts and dates do not have these fields. They are converted below.
  const { seconds, nanoseconds } = (input ?? {}) as UnixTime;
  if (isUnixTime(seconds, nanoseconds)) {
    time.seconds = seconds;
    time.nanoseconds = nanoseconds;
  } else {
    const timestamp = Timestamp.from(input);
    time.seconds = timestamp.seconds;
    time.nanoseconds = timestamp.nanoseconds;
  }
}
