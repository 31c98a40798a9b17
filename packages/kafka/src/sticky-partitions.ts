import type { PartitionerArgs } from 'kafkajs';

/**
 * Chooses the partition of messages: all of a request go to the same, and those of the next one to the next partition.
 * kafkajs asks for partitions again when it sends a request once more, and leaves out brokers that have answered: with a
 * request for several brokers and other answers than before, it would leave out messages that no broker has.
 */
export class StickyPartitions {
  readonly #chosen = new Map<string, number>();
  #turn = 0;

  /** The partition of the request of a topic that is on its way. */
  readonly choose = ({ topic, partitionMetadata }: PartitionerArgs): number => {
    const known = this.#chosen.get(topic);
    if (known !== undefined) return known;
    const ids = partitionMetadata.map(({ partitionId }) => partitionId).sort((a, b) => a - b);
    const chosen = ids[this.#turn++ % ids.length] ?? 0;
    this.#chosen.set(topic, chosen);
    return chosen;
  };

  /** The request of a topic is stored. */
  next(topic: string): void {
    this.#chosen.delete(topic);
  }
}
