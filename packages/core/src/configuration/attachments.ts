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
 * Enumerated values (§6) that are attached to every entry, by name. Text that begins with `$` is a
 * variable:
 *
 * - `$NOW`: the time of the write, a timestamp to the millisecond
 * - `$HOSTNAME`: the host name of this machine at construction
 * - `$UUID`: the UUID of the ingester
 * - any other `$NAME`: the environment variable `NAME`, empty while it is not set; it is read again
 *   every 5 minutes
 *
 * Text that begins with `$$` is a constant, without its first `$`. Any other value is a constant of the
 * type that {@link EnumeratedValue.infer} gives it. An `EnumeratedValue` keeps its type, and must have
 * the name that it is listed under.
 */
export type AttachInput = Readonly<Record<string, EnumeratedScalar | EnumeratedValue>>;

/** An attached value as it is now, for another thread; without `encoded` it is the time of the write. */
export interface AttachedValue {
  readonly name: string;
  readonly encoded: Uint8Array | undefined;
}

/** What the variables of attached values stand for. */
export interface AttachOptions {
  /** The value of `$UUID`. */
  readonly uuid: string;
  /** Returns the environment variables. Default: `process.env`. */
  readonly environment?: Environment;
}

interface Attachment {
  readonly name: string;
  readonly kind: 'constant' | 'now' | 'environment';
  /** Makes the present value. For `$NOW` it makes a placeholder, which is overwritten. */
  make(): EnumeratedValue;
}

type Environment = () => Readonly<Record<string, string | undefined>>;

/** How often the environment is read again. */
const RENEWAL_MS = 5 * 60_000;

/**
 * The values that are attached to every entry. They are encoded once, as the block after an entry's
 * data (§6). Only the time in the block is written again, in place.
 */
export class Attachments {
  #attachments: readonly Attachment[];
  #block: Buffer | undefined;
  /** Views into the block, so that they always have its time. */
  #values: readonly EnumeratedValue[] = [];
  /** The offsets of the time in the block. */
  #timeOffsets: readonly number[] = [];
  /** The time in the block, in milliseconds. */
  #milliseconds = Number.NaN;
  readonly #time = { seconds: 0, nanoseconds: 0 };
  #renewal: NodeJS.Timeout | undefined;

  /** @throws {ConfigurationError} a value cannot be attached; `field` is `attach` or `attach.name` */
  constructor(attach: AttachInput, { uuid, environment = () => process.env }: AttachOptions) {
    // An array or a map would have no named properties.
    if (typeof attach !== 'object' || attach === null || Symbol.iterator in attach) {
      throw new ConfigurationError('attach', 'give an object of names and values');
    }
    this.#attachments = Object.entries(attach).map(([name, input]) =>
      at(name, () => parse(name, input, uuid, environment)),
    );
    this.refresh();
  }

  /**
   * Returns the encoded block for an entry that has no values of its own, or `undefined` if nothing is
   * attached. All entries share its memory: it is valid until the next call of any method.
   */
  block(): Uint8Array | undefined {
    if (this.#timeOffsets.length > 0) this.#writeTime();
    return this.#block;
  }

  /**
   * Returns the encoded block for an entry with values of its own. They come first, and replace an
   * attached value of the same name.
   *
   * @throws {InvalidEntryError} if `values` is not a list or an object of enumerated values
   * @throws {InvalidEnumeratedValueError} if one of the values is out of bounds
   * @throws {OversizedEnumeratedBlockError} if the values and the attached ones do not fit a block
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

  /** The values as they are now. */
  get values(): AttachedValue[] {
    return this.#attachments.map(({ name, kind }, i) => {
      const encoded = this.#values[i]?.encoded;
      return { name, encoded: kind === 'now' ? undefined : encoded && Uint8Array.from(encoded) };
    });
  }

  /** Attaches the values of another thread from now on. */
  set values(values: readonly AttachedValue[]) {
    this.#attachments = values.map(({ name, encoded }) => {
      if (encoded === undefined) return parse(name, '$NOW', '', () => ({}));
      return constant(name, EnumeratedValue.decode(Buffer.from(encoded), 0));
    });
    this.refresh();
  }

  /**
   * Reads the environment again. If it throws, the values stay as they are.
   *
   * @throws {ConfigurationError} if a variable holds more than an enumerated value can
   */
  refresh(): void {
    const attached = this.#attachments.map(({ name, make }) => {
      const value = at(name, make);
      if (value.name === name) return value;
      throw new ConfigurationError(
        fieldOf(name),
        `its value has the name ${value.name}: give both the same name`,
      );
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
   * Starts to read the environment again every 5 minutes. The timer does not keep the process alive.
   *
   * @param failed called with the error of a reading that changed nothing
   * @param renewed called after any other reading
   */
  start(failed: (error: Error) => void, renewed: () => void = () => {}): void {
    const isConstant = this.#attachments.every(({ kind }) => kind !== 'environment');
    if (isConstant || this.#renewal !== undefined) return;
    this.#renewal = setInterval(() => {
      try {
        this.refresh();
      } catch (error) {
        failed(error as Error);
        return;
      }
      renewed();
    }, RENEWAL_MS).unref();
  }

  /** Stops the timer that {@link start} began. */
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
      throw new ConfigurationError(
        fieldOf(name),
        'it is a $ without a name: write $$ for a text that begins with $',
      );
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

/** Copies the input, which the caller may change later. */
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

/** Leaves out a name that is empty, or too long for a message. */
function fieldOf(name: string): string {
  return name === '' || name.length > 80 ? 'attach' : `attach.${name}`;
}
