import { EventQueue } from '../../shared/event-queue.js';

/** A clock that jumps to whatever comes next, and a list of what is to come. Milliseconds from 0 on. */
export class VirtualTime {
  readonly #due = new EventQueue<() => void>();
  #now = 0;

  readonly now = (): number => this.#now;

  /** Does something after so many milliseconds. */
  after(milliseconds: number, action: () => void): void {
    this.#due.push(this.#now + milliseconds, action);
  }

  /** Does all that comes up to a time. */
  runUntil(time: number): void {
    while (this.#due.nextTime <= time) {
      this.#now = this.#due.nextTime;
      this.#due.pop()();
    }
    this.#now = time;
  }
}
