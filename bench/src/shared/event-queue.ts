/** What is to happen in simulated time, soonest first: a binary heap. */
export class EventQueue<Event> {
  readonly #times: number[] = [];
  readonly #events: Event[] = [];

  /** When the next event is due; `Infinity`: there is none. */
  get nextTime(): number {
    return this.#times[0] ?? Number.POSITIVE_INFINITY;
  }

  push(time: number, event: Event): void {
    let at = this.#times.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#times[parent] as number) <= time) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#times[at] = time;
    this.#events[at] = event;
  }

  /** Takes the next event; there must be one. */
  pop(): Event {
    const next = this.#events[0] as Event;
    const time = this.#times.pop() as number;
    const event = this.#events.pop() as Event;
    const count = this.#times.length;
    if (count === 0) return next;
    let at = 0;
    for (let child = 1; child < count; child = 2 * at + 1) {
      const other = child + 1;
      const isOtherSooner =
        other < count && (this.#times[other] as number) < (this.#times[child] as number);
      const sooner = isOtherSooner ? other : child;
      if (time <= (this.#times[sooner] as number)) break;
      this.#move(sooner, at);
      at = sooner;
    }
    this.#times[at] = time;
    this.#events[at] = event;
    return next;
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from] as number;
    this.#events[to] = this.#events[from] as Event;
  }
}
