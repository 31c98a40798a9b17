import { RingestError } from '@ringest/codec';

/** A place in a configuration file. Both count from 1; columns count UTF-16 code units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Where a {@link ConfigFileError} applies; what is not known is left out. */
export interface ConfigFilePlace {
  /** The section as it is written: `Global` or `Listener "one two"`. */
  readonly section?: string | undefined;
  /** The key, or the section where the section itself is wrong. */
  readonly field?: string | undefined;
  readonly position?: Position | undefined;
}

/**
 * A configuration file, or a value of one, that cannot be used. The message names the field and
 * says what it must be. It may quote the value of a key that is not a secret; it never holds a
 * secret or a line of the file.
 */
export class ConfigFileError extends RingestError {
  readonly code = 'ERR_CONFIG_FILE';
  readonly section: string | undefined;
  readonly field: string | undefined;
  readonly position: Position | undefined;
  /** What is wrong, without the place. */
  readonly problem: string;

  constructor(problem: string, place: ConfigFilePlace = {}) {
    super(`${describe(place)}: ${problem}`);
    this.section = place.section;
    this.field = place.field;
    this.position = place.position;
    this.problem = problem;
  }
}

/** The same error with the place added to its field; other errors as they are. */
export function locate(error: unknown, place: ConfigFilePlace): unknown {
  if (!(error instanceof ConfigFileError)) return error;
  return new ConfigFileError(error.problem, { field: error.field, ...place });
}

function describe({ section, field, position }: ConfigFilePlace): string {
  const words = ['configuration'];
  if (position) words.push(`line ${position.line}, column ${position.column}`);
  if (section !== undefined) words.push(`[${section}]`);
  if (field !== undefined && field !== section) words.push(field);
  return words.join(', ');
}

const MAX_QUOTED = 64;

/** A value for an error message: quoted, and cut where it is long. */
export function quote(value: string): string {
  return JSON.stringify(value.length > MAX_QUOTED ? `${value.slice(0, MAX_QUOTED)}…` : value);
}
