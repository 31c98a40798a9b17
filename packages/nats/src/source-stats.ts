/** What a source has done so far. */
export interface JetStreamSourceStats {
  /** Messages that were pulled. */
  readonly received: number;
  /** Those among them that the server had delivered before, here or elsewhere. */
  readonly redelivered: number;
  /** Messages that were acknowledged, after their entries were confirmed: the server has heard of it. */
  readonly acknowledged: number;
  /** Times that no entry could be made of a message. */
  readonly poison: number;
  /** Messages that are never delivered again, because no entry can be made of them. */
  readonly terminated: number;
  /** Messages that were given back, to be delivered again: at the end, for another try, or because a cache lost them. */
  readonly retried: number;
  /** Messages whose header with the time could not be read. */
  readonly undated: number;
  /** Messages that are here and not acknowledged yet. */
  readonly unconfirmed: number;
}
