import { InvalidArgumentError } from '../errors.js';

/** How records of a logger become entries: what adapters of all loggers have in common. */
export interface CommonRecordOptions {
  /** The name of the tag. It is negotiated if the muxer does not have it. */
  readonly tag: string;
  /**
   * What the data of an entry is. `record`: what the logger wrote, without a line feed. `message`: the text of
   * the record alone; a record without text is kept whole. Default: `record`.
   */
  readonly data?: 'record' | 'message';
  /**
   * Fields of a record that become enumerated values of the same name: text, numbers and booleans as they are,
   * anything else as text, JSON if it can be. A field that is absent or `null` is left out. `level` is the name
   * of the level. Default: none.
   */
  readonly fields?: readonly string[];
}

/**
 * Checks the options, and returns them with their defaults.
 * @throws {InvalidArgumentError} an option cannot be used
 */
export function checkCommonOptions(options: CommonRecordOptions): Required<CommonRecordOptions> {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidArgumentError('options', options, '{ tag }, see RecordOptions');
  }
  const { tag, data = 'record', fields = [] } = options;
  checkOption('tag', tag, typeof tag === 'string', 'the name of a tag');
  checkOption('data', data, data === 'record' || data === 'message', "'record' or 'message'");
  const areNames = Array.isArray(fields) && fields.every((field) => typeof field === 'string');
  checkOption('fields', fields, areNames, 'an array of names');
  return { tag, data, fields: [...new Set(fields)] };
}

/**
 * Refuses the value of an option that cannot be used.
 * @throws {InvalidArgumentError} it cannot
 */
export function checkOption(name: string, value: unknown, isUsable: boolean, wanted: string): void {
  if (!isUsable) throw new InvalidArgumentError(`options.${name}`, value, wanted);
}
