import type { Lane } from '@ringest/workers';
import type { Backlog } from './backlog.js';
import type { Balancer } from './balancing/index.js';
import type { Evacuations } from './evacuations.js';

/** Room in the rings: who waits for it is told when there is some. */
export class Room {
  readonly #balancer: Balancer<Lane>;
  readonly #backlog: Backlog;
  readonly #evacuations: Evacuations;
  readonly #drained: () => void;
  /** Somebody was told to wait: `drained` is due once nothing waits, */
  #isOwed = false;
  /** and a frame of so many bytes finds room. */
  #owedBytes = 0;

  /** @param drained is called once writes that were told to wait need not any more */
  constructor(
    balancer: Balancer<Lane>,
    backlog: Backlog,
    evacuations: Evacuations,
    drained: () => void,
  ) {
    this.#balancer = balancer;
    this.#backlog = backlog;
    this.#evacuations = evacuations;
    this.#drained = drained;
  }

  /** Whether there is none for a frame of so many bytes, or others wait already. */
  isShort(frameBytes: number): boolean {
    if (!this.#backlog.isEmpty) return true;
    return !this.#balancer.isAnyOpen((lane) => lane.hasRoom(frameBytes));
  }

  /**
   * Somebody waits until there is room for a frame of so many bytes.
   * @returns whether that is news
   */
  owe(frameBytes: number): boolean {
    if (this.#isOwed && frameBytes <= this.#owedBytes) return false;
    this.#isOwed = true;
    this.#owedBytes = Math.max(this.#owedBytes, frameBytes);
    return true;
  }

  /** While frames wait, has every open lane tell of room. Returns whether one has it by now. */
  arm(): boolean {
    const waiting = this.#evacuations.blocked ?? this.#backlog.head;
    if (waiting === undefined) return false;
    const lanes = this.#balancer.open().filter((lane) => !lane.refuses(waiting.tag));
    return armAll(lanes, waiting.frame.length);
  }

  /** Calls `drained` if it is due, and else has lanes tell when it may be. */
  drainIfOwed(): void {
    if (!this.#isOwed || !this.#backlog.isEmpty) return;
    while (this.isShort(this.#owedBytes)) {
      if (!armAll(this.#balancer.open(), this.#owedBytes)) return;
    }
    this.#isOwed = false;
    this.#owedBytes = 0;
    this.#drained();
  }
}

/** Has every lane tell of room for a frame. Returns whether one has it by now. */
function armAll(lanes: readonly Lane[], frameBytes: number): boolean {
  let hasRoom = false;
  for (const lane of lanes) if (lane.wakeForRoom(frameBytes)) hasRoom = true;
  return hasRoom;
}
