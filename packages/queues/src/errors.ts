import { RingestError } from '@ringest/codec';
import {
  AllTargetsFailedError,
  BacklogFullError,
  NotRunningError,
  SystemLimitError,
} from '@ringest/core';

/** The messages of a subject or topic for which there is no rule have no tag, so they cannot become entries. */
export class NoTagError extends RingestError {
  readonly code = 'ERR_NO_TAG';
  /** The subject or topic of the message. */
  readonly subject: string;

  constructor(subject: string) {
    super(`no rule gives a tag for ${JSON.stringify(subject)}: add one to options.tag`);
    this.subject = subject;
  }
}

/** Whether another entry could be written where this error came from. */
export function isAboutEntry(error: unknown): error is RingestError {
  return (
    error instanceof RingestError &&
    !(error instanceof NotRunningError) &&
    !(error instanceof AllTargetsFailedError) &&
    !(error instanceof BacklogFullError) &&
    !(error instanceof SystemLimitError)
  );
}
