import {
  DecodeError,
  InvalidEntryError,
  InvalidEnumeratedValueError,
  InvalidSourceError,
  InvalidTagError,
  InvalidTimestampError,
  messageOf,
  OversizedEntryError,
  OversizedEnumeratedBlockError,
  RingestError,
} from '@ringest/codec';

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

/** The client of the queue cannot read a message, such as for a malformed header. `cause` is what it has thrown. */
export class UnreadableMessageError extends RingestError {
  readonly code = 'ERR_UNREADABLE_MESSAGE';

  constructor(cause: unknown) {
    super(`a message cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/**
 * What is wrong with an entry or its message, whatever the muxer does and whenever it is tried. A tag that indexers
 * refuse is not among them: they may allow it later.
 */
const ABOUT_ENTRY = [
  DecodeError,
  InvalidEntryError,
  InvalidEnumeratedValueError,
  InvalidSourceError,
  InvalidTagError,
  InvalidTimestampError,
  NoTagError,
  OversizedEntryError,
  OversizedEnumeratedBlockError,
  UnreadableMessageError,
];

/** Whether another entry could be written where this error came from, and this one never can. */
export function isAboutEntry(error: unknown): error is RingestError {
  return ABOUT_ENTRY.some((Known) => error instanceof Known);
}
