import { RingestError } from '@ringest/core';

/** An option of a relay that cannot be used. */
export class RelayOptionError extends RingestError {
  readonly code = 'ERR_RELAY_OPTION';
  /** The path of the option, such as `listeners.0.tags`. */
  readonly option: string;

  constructor(option: string, problem: string, options?: ErrorOptions) {
    super(`relay option ${option}: ${problem}`, options);
    this.option = option;
  }
}
