import type { IMemberAssignment } from 'kafkajs';

/** A partition, for as long as it is assigned to this member. */
export interface AssignedPartition {
  readonly topic: string;
  readonly partition: number;
  /** The offset after the last message that was written. `undefined`: none was. */
  next: bigint | undefined;
  isAssigned: boolean;
  /** Goes up when it is read again from an earlier message: what was written before does not count any more. */
  reading: number;
}

/** Messages of a partition, one after the other, that were written. */
export interface WrittenRange {
  readonly from: AssignedPartition;
  /** That of the partition when they were written. */
  readonly reading: number;
  readonly first: bigint;
  /** The offset after the last. */
  readonly next: bigint;
  readonly count: number;
}

/** The partitions that the group has assigned to this member, and how far each of them is read. */
export class AssignedPartitions {
  #partitions = new Map<string, AssignedPartition>();
  /** The offsets after all that was ever read here. */
  readonly #reached = new Map<string, bigint>();
  #member = '';

  get count(): number {
    return this.#partitions.size;
  }

  find(topic: string, partition: number): AssignedPartition | undefined {
    return this.#partitions.get(keyOf(topic, partition));
  }

  /**
   * Takes a new assignment. A member that keeps its id was asked at every change, so nobody else has read the partitions
   * that it keeps: these go on where they are.
   * @returns the partitions that stay and of which something was written
   */
  assign(member: string, assignment: IMemberAssignment): AssignedPartition[] {
    if (member !== this.#member) this.release();
    this.#member = member;
    const before = this.#partitions;
    this.#partitions = new Map();
    for (const [topic, numbers] of Object.entries(assignment)) {
      for (const partition of numbers) {
        const key = keyOf(topic, partition);
        const kept = before.get(key) ?? begun(topic, partition);
        before.delete(key);
        this.#partitions.set(key, kept);
      }
    }
    for (const gone of before.values()) gone.isAssigned = false;
    return [...this.#partitions.values()].filter(({ next }) => next !== undefined);
  }

  /** Goes on behind messages that were written. Returns how many of them were read here before. */
  advance({ from, first, next, count }: WrittenRange): number {
    from.next = next;
    const key = keyOf(from.topic, from.partition);
    const reached = this.#reached.get(key) ?? 0n;
    if (next > reached) this.#reached.set(key, next);
    if (first >= reached) return 0;
    // Compacted topics have offsets without a message.
    return Math.min(count, Number((next < reached ? next : reached) - first));
  }

  /** The group has none of them for this member any more. */
  release(): void {
    for (const partition of this.#partitions.values()) partition.isAssigned = false;
    this.#partitions.clear();
    this.#member = '';
  }
}

const keyOf = (topic: string, partition: number): string => `${partition}/${topic}`;

function begun(topic: string, partition: number): AssignedPartition {
  return { topic, partition, next: undefined, isAssigned: true, reading: 0 };
}

/** Whether what was written is to be committed here. */
export function counts({ from, reading }: WrittenRange): boolean {
  return from.isAssigned && from.reading === reading;
}
