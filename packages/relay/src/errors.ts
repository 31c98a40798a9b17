import { messageOf } from '@ringest/codec';
import { RingestError } from '@ringest/core';

/** An option of a relay that cannot be used. */
export class RelayOptionError extends RingestError {
  readonly code = 'ERR_RELAY_OPTION';
  /** The path of the option, such as `listeners.0.tags`. */
  readonly option: string;
  /** The message without the option. */
  readonly problem: string;
  /** What was given, if it is one text. */
  readonly value: string | undefined;

  constructor(option: string, problem: string, options: ErrorOptions & { value?: string } = {}) {
    super(`relay option ${option}: ${problem}`, options);
    this.option = option;
    this.problem = problem;
    this.value = options.value;
  }
}

/**
 * A reload that not all muxers of a relay have finished. The others have. `cause` is the error of the first one that
 * has not: the waiting for the end of its old targets was ended, or a new one found no room.
 */
export class RelayReloadError extends RingestError {
  readonly code = 'ERR_RELAY_RELOAD';
  /** The tenants of these muxers; an empty name stands for that of ingesters without a tenant. */
  readonly tenants: readonly string[];

  constructor(tenants: readonly string[], cause: unknown) {
    const names = tenants.map((tenant) =>
      tenant === '' ? 'ingesters without a tenant' : `the tenant ${JSON.stringify(tenant)}`,
    );
    super(
      `the targets of ${names.join(', ')} are not all replaced: ${messageOf(cause)}; everything else has changed`,
      { cause },
    );
    this.tenants = tenants;
  }
}
