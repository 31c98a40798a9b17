import type { CloseReport, IngestMuxer } from '@ringest/core';
import { LiveInputs } from './live-inputs.js';
import type { Queue } from './queues/queue.js';
import type { ShipPlan } from './ship-plan.js';
import type { Shipment } from './shipment.js';

/** What is open while a `ship` runs: a muxer, and what writes to it until it closes. */
export class Opened {
  readonly muxer: IngestMuxer;
  readonly live: LiveInputs;
  readonly #queues: Queue[] = [];

  /** @param reading is aborted when nothing more is to be read */
  constructor(muxer: IngestMuxer, shipment: Shipment, plan: ShipPlan, reading: AbortSignal) {
    this.muxer = muxer;
    this.live = new LiveInputs(shipment, plan, reading);
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
      await this.live.open(plan.listened);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Closes everything. Connections may wait for room, until the muxer closes. */
  async close(): Promise<CloseReport> {
    const [report] = await Promise.all([this.muxer.close(), this.live.close()]);
    // What the muxer has confirmed at last is acknowledged before a queue is left.
    await Promise.all(this.#queues.map((queue) => queue.close()));
    return report;
  }
}
