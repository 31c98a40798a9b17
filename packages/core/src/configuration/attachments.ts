import { hostname } from 'node:os';
import {
  type EnumeratedInput,
  type EnumeratedScalar,
  EnumeratedValue,
  encodeEnumeratedBlock,
  encodeTimestamp,
  RingestError,
  TIMESTAMP_BYTES,
  VALUE_BLOCK_HEADER_BYTES,
} from '@ringest/codec';
import { ConfigurationError } from '../errors.js';

/**
 * What every entry carries besides its own enumerated values, by name. Text that begins with `$` is
 * a variable:
 *
 * - `$NOW`: the time of the write, a timestamp to the millisecond
 * - `$HOSTNAME`: the name of this machine, as it was at the start
 * - `$UUID`: the UUID of the ingester
 * - any other `$NAME`: the environment variable `NAME`; empty while it is not set
 *
 * Text that begins with `$$` stands for itself without the first `$`. All else is a constant, of the
 * type that {@link EnumeratedValue.infer} gives it; an `EnumeratedValue` has its own type, and must
 * have the name that it is listed under.
 */
export type AttachInput = Readonly<Record<string, EnumeratedScalar | EnumeratedValue>>;

export interface AttachOptions {
  /** What `$UUID` stands for. */
  readonly uuid: string;
  /** Where variables are read. Default: `process.env`. */
  readonly environment?: Environment;
}

interface Attachment {
  readonly name: string;
  readonly kind: 'constant' | 'now' | 'environment';
  /** The value as it is at present; that of `$NOW` is any time. */
  make(): EnumeratedValue;
}

type Environment = () => Readonly<Record<string, string | undefined>>;

/** How often the environment is read again, in milliseconds. */
const RENEWAL_MS = 5 * 60_000;

/**
 * The values that are attached to every entry. They are encoded once, as the block that follows an
 * entry's data; only the time in it is written again, in place.
 */
export class Attachments {
  readonly #attachments: readonly Attachment[];
  #block: Buffer | undefined;
  /** Views into the block: they have its time. */
  #values: readonly EnumeratedValue[] = [];
  /** Where the block has the time. */
  #timeOffsets: readonly number[] = [];
  /** The time that the block has, in milliseconds; and the same as it is encoded. */
  #milliseconds = Number.NaN;
  readonly #time = { seconds: 0, nanoseconds: 0 };
  #renewal: NodeJS.Timeout | undefined;

  /** @throws {ConfigurationError} naming what cannot be attached, as `attach` or `attach.name` */
  constructor(attach: AttachInput, { uuid, environment = () => process.env }: AttachOptions) {
    // An array or a map has its values elsewhere.
    if (typeof attach !== 'object' || attach === null || Symbol.iterator in attach) {
      throw new ConfigurationError('attach', 'give an object of names and values');
    }
    this.#attachments = Object.entries(attach).map(([name, input]) =>
      at(name, () => parse(name, input, uuid, environment)),
    );
    this.refresh();
  }

  /**
   * The encoded block for an entry that has no values of its own, or `undefined` if nothing is
   * attached. It is the same memory for all entries: good until the next call of any method.
   */
  block(): Uint8Array | undefined {
    if (this.#timeOffsets.length > 0) this.#writeTime();
    return this.#block;
  }

  /**
   * The encoded block for an entry with values of its own, which come first, and win where an
   * attached one has the same name.
   *
   * @throws {InvalidEntryError} if they are no enumerated values
   * @throws {InvalidEnumeratedValueError} if one of them is out of bounds
   * @throws {OversizedEnumeratedBlockError} if there are too many, with the attached ones
   */
  merge(values: EnumeratedInput): Uint8Array {
    const isBare = this.block() === undefined;
    if (isBare || typeof values !== 'object' || values === null) {
      return encodeEnumeratedBlock(values);
    }
    const own: readonly EnumeratedValue[] = Array.isArray(values)
      ? values
      : Object.entries(values).map(([name, value]) => EnumeratedValue.infer(name, value));
    // A later value replaces an earlier one in its place: the first `own` gives the order and the
    // second has the last word.
    return encodeEnumeratedBlock([...own, ...this.#values, ...own]);
  }

  /**
   * Reads the environment again. Nothing changes if it throws.
   *
   * @throws {ConfigurationError} if a variable holds more than an enumerated value can
   */
  refresh(): void {
    const attached = this.#attachments.map(({ name, make }) => {
      const value = at(name, make);
      if (value.name === name) return value;
      throw new ConfigurationError(fieldOf(name), `its value is named ${value.name}: use one name`);
    });
    const block = at('', () => encodeEnumeratedBlock(attached));
    const values: EnumeratedValue[] = [];
    const timeOffsets: number[] = [];
    let end = VALUE_BLOCK_HEADER_BYTES;
    for (const { kind } of this.#attachments) {
      const value = EnumeratedValue.decode(block, end);
      values.push(value);
      end += value.encoded.length;
      if (kind === 'now') timeOffsets.push(end - TIMESTAMP_BYTES);
    }
    this.#block = block.length === 0 ? undefined : block;
    this.#values = values;
    this.#timeOffsets = timeOffsets;
    this.#milliseconds = Number.NaN;
  }

  /**
   * Reads the environment again every 5 minutes from now on. This keeps no process alive.
   *
   * @param failed is told why a reading changed nothing
   */
  start(failed: (error: Error) => void): void {
    const isConstant = this.#attachments.every(({ kind }) => kind !== 'environment');
    if (isConstant || this.#renewal !== undefined) return;
    this.#renewal = setInterval(() => {
      try {
        this.refresh();
      } catch (error) {
        failed(error as Error);
      }
    }, RENEWAL_MS).unref();
  }

  /** Ends what {@link start} began. */
  stop(): void {
    clearInterval(this.#renewal);
    this.#renewal = undefined;
  }

  #writeTime(): void {
    const milliseconds = Date.now();
    if (milliseconds === this.#milliseconds) return;
    this.#milliseconds = milliseconds;
    const time = this.#time;
    time.seconds = Math.floor(milliseconds / 1000);
    time.nanoseconds = (milliseconds - time.seconds * 1000) * 1_000_000;
    const block = this.#block as Buffer;
    const offsets = this.#timeOffsets;
    for (let i = 0; i < offsets.length; i++) encodeTimestamp(time, block, offsets[i] as number);
  }
}

function parse(
  name: string,
  input: EnumeratedScalar | EnumeratedValue,
  uuid: string,
  environment: Environment,
): Attachment {
  if (typeof input !== 'string' || !input.startsWith('$')) return constant(name, input);
  if (input.startsWith('$$')) return constant(name, input.slice(1));
  const variable = input.slice(1);
  switch (variable) {
    case '':
      throw new ConfigurationError(fieldOf(name), 'write $$ for a $ that begins no variable');
    case 'NOW':
      return { name, kind: 'now', make: () => EnumeratedValue.infer(name, new Date(0)) };
    case 'HOSTNAME':
      return constant(name, hostname());
    case 'UUID':
      return constant(name, uuid);
  }
  const make = () => {
    // A string or nothing, but for what every object has: `process.env.toString`.
    const text: unknown = environment()[variable];
    return EnumeratedValue.infer(name, typeof text === 'string' ? text : '');
  };
  return { name, kind: 'environment', make };
}

/** The input is copied now: it may change later. */
function constant(name: string, input: EnumeratedScalar | EnumeratedValue): Attachment {
  const value =
    EnumeratedValue.adopt(input) ?? EnumeratedValue.infer(name, input as EnumeratedScalar);
  return { name, kind: 'constant', make: () => value };
}

function at<Value>(name: string, make: () => Value): Value {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RingestError) || error instanceof ConfigurationError) throw error;
    throw new ConfigurationError(fieldOf(name), error.message, { cause: error });
  }
}

/** An empty name names no field, and a long one fills no message. */
function fieldOf(name: string): string {
  return name === '' || name.length > 80 ? 'attach' : `attach.${name}`;
}
