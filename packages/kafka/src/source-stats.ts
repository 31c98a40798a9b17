/** What a source has done so far. */
export interface KafkaSourceStats {
  /** Messages that were read. */
  readonly received: number;
  /**
   * Those among them that were read here before. Kafka does not say whether another process of the group has read a
   * message.
   */
  readonly redelivered: number;
  /** Messages whose offsets were committed, after their entries were confirmed. */
  readonly committed: number;
  /** Messages that no entry could be made of. With `skip`, their offsets are committed. */
  readonly poison: number;
  /**
   * Messages that were written and will be delivered again: their partition went to another process before they were
   * committed, or their entries were dropped from a cache.
   */
  readonly retried: number;
  /** Messages whose header with the time could not be read. */
  readonly undated: number;
  /** Messages that are written and not committed yet. */
  readonly unconfirmed: number;
  /** Partitions that the group has assigned to this source. */
  readonly partitions: number;
  /** How often the group has assigned them. */
  readonly assignments: number;
}
