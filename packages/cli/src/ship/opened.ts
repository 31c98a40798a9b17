import type { CloseReport, IngestMuxer } from '@ringest/core';
import type { Listeners } from './listen/listeners.js';
import type { Queue } from './queues/queue.js';
import type { ShipPlan } from './ship-plan.js';
import type { Shipment } from './shipment.js';

/** What is open while a `ship` runs: a muxer, and what writes to it until it closes. */
export class Opened {
  readonly muxer: IngestMuxer;
  readonly #listeners: Listeners[] = [];
  readonly #queues: Queue[] = [];

  constructor(muxer: IngestMuxer) {
    this.muxer = muxer;
  }

  get listeners(): readonly Listeners[] {
    return this.#listeners;
  }

  get queues(): readonly Queue[] {
    return this.#queues;
  }

  /**
   * Connects to queues and begins to listen, or closes everything.
   * @throws what keeps it from that
   */
  async open(shipment: Shipment, plan: ShipPlan, timeoutMs: number | undefined): Promise<void> {
    try {
      for (const choice of plan.queues) {
        this.#queues.push(await shipment.openQueue(choice, plan.entries, timeoutMs));
      }
      for (const { listen, entries } of plan.listened) {
        this.#listeners.push(await shipment.listen(listen, entries));
      }
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Closes everything. Connections may wait for room, until the muxer closes. */
  async close(): Promise<CloseReport> {
    const listeners = this.#listeners.map((one) => one.close());
    const [report] = await Promise.all([this.muxer.close(), ...listeners]);
    // What the muxer has confirmed at last is acknowledged before a queue is left.
    await Promise.all(this.#queues.map((queue) => queue.close()));
    return report;
  }
}
