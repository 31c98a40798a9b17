/** What a request is answered: the codes and texts of Splunk's HTTP Event Collector, which its clients know. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly code: number;
  /** Which event of the body is not valid, from 0 on. */
  readonly event?: number;
}

/** Answers by what happened. */
export const HEC_ANSWERS = {
  success: { status: 200, text: 'Success', code: 0 },
  noToken: { status: 401, text: 'Token is required', code: 2 },
  noAuthorization: { status: 401, text: 'Invalid authorization', code: 3 },
  wrongToken: { status: 403, text: 'Invalid token', code: 4 },
  noData: { status: 400, text: 'No data', code: 5 },
  invalid: { status: 400, text: 'Invalid data format', code: 6 },
  busy: { status: 503, text: 'Server is busy', code: 9 },
  noEvent: { status: 400, text: 'Event field is required', code: 12 },
  blankEvent: { status: 400, text: 'Event field cannot be blank', code: 13 },
  noAcks: { status: 400, text: 'ACK is disabled', code: 14 },
  healthy: { status: 200, text: 'HEC is healthy', code: 17 },
  // Splunk's own form for what has no code.
  notFound: { status: 404, text: 'The requested URL was not found on this server.', code: 404 },
  tooLarge: { status: 413, text: 'The body is larger than --max-body', code: 413 },
  wrongEncoding: { status: 415, text: 'Content-Encoding must be gzip or nothing', code: 415 },
} as const satisfies Readonly<Record<string, Answer>>;

/** A request that is not taken, or not whole, and what it is answered. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(answer.text);
    this.answer = answer;
  }
}
