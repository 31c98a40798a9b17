import type { MessagePort } from 'node:worker_threads';
import { Control, LaneRing, LaneState, Ring, type ToWorker } from '@ringest/workers';
import type { Outlet } from '../placing/outlet.js';
import type { ProducerTask } from '../producing/messages.js';

/**
 * The producer's end of its ring. The main thread of the muxer reads it, as a worker reads the ring of a lane;
 * and as nobody else does, entries may always enter.
 */
export class ProducerOutlet extends LaneRing implements Outlet {
  readonly isHot = true;
  readonly fatalError = undefined;
  readonly refusesAny = false;
  readonly #port: MessagePort;

  constructor({ ring: { memory, module } }: ProducerTask, port: MessagePort) {
    // The memory of a large frame that is released belongs to the muxer, which sends other memory for it.
    super(new Ring(memory, module), { free() {} });
    this.#port = port;
  }

  get endpoint(): object {
    return this.ring;
  }

  /** Takes the ring for this thread. Returns the state that it has, `connecting` for one that was free. */
  open(): LaneState {
    const { connecting, hot } = LaneState;
    const { control } = this.ring;
    return Atomics.compareExchange(control, Control.state, connecting, hot) as LaneState;
  }

  /** Whether the muxer accepts entries. */
  get isAccepting(): boolean {
    return Atomics.load(this.ring.control, Control.state) === LaneState.hot;
  }

  /** Forgets large frames that the muxer has taken out: there is room for others. */
  dropTaken(): void {
    this.dropReleased();
  }

  refuses(): boolean {
    return false;
  }

  flush(): void {}

  protected post(message: ToWorker): void {
    this.#port.postMessage(message);
  }
}
