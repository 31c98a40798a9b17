import type { DetachedFrame, Lane } from '@ringest/workers';
import type { Balancer } from '../balancing/index.js';

/** What room depends on. */
export interface RoomSurroundings {
  readonly balancer: Balancer<Lane>;
  /** The frame that is due first of those that wait. */
  waiting(): DetachedFrame | undefined;
  /** Whether no write waits. */
  isQueueEmpty(): boolean;
  /** Whether new entries may enter a ring that has room. */
  isOpen(): boolean;
  /** Whether new entries that find no room are taken all the same. */
  isTakenElsewhere(): boolean;
  /** Writes that were told to wait need not any more. */
  drained(): void;
}

/** Room in the rings: who waits for it is told when there is some. */
export class Backpressure {
  readonly #around: RoomSurroundings;
  /** Somebody was told to wait: `drained` is due once nothing waits, */
  #isOwed = false;
  /** and a frame of so many bytes finds room. */
  #owedBytes = 0;

  constructor(around: RoomSurroundings) {
    this.#around = around;
  }

  /** Whether somebody waits to be told of room. */
  get isDrainPending(): boolean {
    return this.#isOwed;
  }

  /** Whether there is none for a frame of so many bytes, or others wait already. */
  isShort(frameBytes: number): boolean {
    const { balancer } = this.#around;
    if (!this.#around.isQueueEmpty()) return true;
    const hasRoom = (lane: Lane) => lane.hasRoom(frameBytes);
    if (this.#around.isOpen() && balancer.isAnyOpen(hasRoom)) return false;
    return !this.#around.isTakenElsewhere();
  }

  /**
   * Somebody waits until there is room for a frame of so many bytes.
   * @returns whether that is news
   */
  requestDrain(frameBytes: number): boolean {
    if (this.#isOwed && frameBytes <= this.#owedBytes) return false;
    this.#isOwed = true;
    this.#owedBytes = Math.max(this.#owedBytes, frameBytes);
    return true;
  }

  /** While frames wait, has every open lane tell of room. Returns whether one has it by now. */
  arm(): boolean {
    const waiting = this.#around.waiting();
    // Otherwise it is not for room in a ring that it waits.
    if (waiting === undefined || !(waiting.isCached || this.#around.isOpen())) return false;
    const lanes = this.#around.balancer.open().filter((lane) => !lane.refuses(waiting.tag));
    return armAll(lanes, waiting.frame.length);
  }

  /** Calls `drained` if it is due, and else has lanes tell when it may be. */
  emitDrainIfPending(): void {
    if (!this.#isOwed || !this.#around.isQueueEmpty()) return;
    while (this.isShort(this.#owedBytes)) {
      const isInVain = !this.#around.isOpen();
      if (isInVain || !armAll(this.#around.balancer.open(), this.#owedBytes)) return;
    }
    this.#isOwed = false;
    this.#owedBytes = 0;
    this.#around.drained();
  }
}

/** Has every lane tell of room for a frame. Returns whether one has it by now. */
function armAll(lanes: readonly Lane[], frameBytes: number): boolean {
  let hasRoom = false;
  for (const lane of lanes) if (lane.wakeForRoom(frameBytes)) hasRoom = true;
  return hasRoom;
}
