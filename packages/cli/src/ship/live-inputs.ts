import { EventEmitter, once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { ConfigFileError } from '@ringest/core';
import type { FileState } from './follow/follow-state.js';
import type { Listeners } from './listen/listeners.js';
import type { ShipPlan } from './ship-plan.js';
import type { Shipment } from './shipment.js';

type PlannedListener = ShipPlan['listened'][number];

/** Inputs that go on until a signal, and may be replaced by others before: listeners, and files that grow. */
export class LiveInputs {
  readonly #shipment: Shipment;
  readonly #reading: AbortSignal;
  readonly #follow: ShipPlan['follow'];
  #followed: ShipPlan['followed'];
  #listening: readonly { readonly planned: PlannedListener; readonly listeners: Listeners }[] = [];
  readonly #replacements = new EventEmitter();
  /** Ends the reading of files, which goes on with other ones. */
  #turn = new AbortController();

  /** @param reading is aborted when nothing more is to be read */
  constructor(shipment: Shipment, { followed, follow }: ShipPlan, reading: AbortSignal) {
    this.#shipment = shipment;
    this.#reading = reading;
    this.#followed = followed;
    this.#follow = follow;
  }

  /** Begins to listen. @throws what the system says of an address; some may be open by then */
  async open(listened: readonly PlannedListener[]): Promise<void> {
    for (const planned of listened) await this.#listen(planned);
  }

  /** Takes what comes until it is stopped, or no input is left, and waits until files are confirmed. */
  async run(): Promise<void> {
    await Promise.all([this.#runListeners(), this.#runFollower()]);
  }

  /**
   * Checks whether these inputs can become those of another plan, and reads certificates and tokens again.
   * @returns what makes them so. Those that are in both plans go on. A listener that cannot be opened is a problem
   * @throws {ConfigFileError} the state file is another one
   * @throws {UsageError} a certificate or a token cannot be used
   */
  replacement({ followed, follow, listened }: ShipPlan): () => Promise<void> {
    if (follow.statePath !== this.#follow.statePath) {
      const place = { section: 'Global', field: 'State-Store-Location' };
      throw new ConfigFileError('it cannot change while ringest ship runs', place);
    }
    const renewals = this.#listening
      .filter(isIn(listened))
      .map(({ listeners }) => listeners.renewal());
    return async () => {
      for (const renew of renewals) renew();
      await this.#replaceListeners(listened);
      await this.#replaceFollowed(followed);
      this.#replacements.emit('done');
    };
  }

  /** Closes the listeners. */
  async close(): Promise<void> {
    await Promise.all(this.#listening.map(({ listeners }) => listeners.close()));
  }

  get #isLive(): boolean {
    return !this.#reading.aborted && (this.#listening.length > 0 || this.#followed.size > 0);
  }

  /** Waits until inputs are replaced, or nothing more is to be read. */
  async #replaced(): Promise<void> {
    await once(this.#replacements, 'done', { signal: this.#reading }).catch(() => {});
  }

  async #runListeners(): Promise<void> {
    while (this.#isLive) await this.#replaced();
    await this.close();
  }

  async #runFollower(): Promise<void> {
    let states: readonly FileState[] | undefined;
    while (this.#isLive) {
      if (this.#followed.size === 0) {
        await this.#replaced();
        continue;
      }
      this.#turn = new AbortController();
      const signal = AbortSignal.any([this.#reading, this.#turn.signal]);
      states = await this.#shipment.follow(this.#followed, this.#follow, signal, states);
    }
  }

  async #listen(planned: PlannedListener): Promise<void> {
    const listeners = await this.#shipment.listen(planned.listen, planned.entries);
    this.#listening = [...this.#listening, { planned, listeners }];
  }

  async #replaceListeners(listened: readonly PlannedListener[]): Promise<void> {
    const isPlanned = isIn(listened);
    const gone = this.#listening.filter((one) => !isPlanned(one));
    this.#listening = this.#listening.filter(isPlanned);
    // Another one may take their addresses.
    await Promise.all(gone.map(({ listeners }) => listeners.close()));
    for (const next of listened) {
      if (this.#listening.some(({ planned }) => isDeepStrictEqual(next, planned))) continue;
      try {
        await this.#listen(next);
      } catch (error) {
        this.#shipment.problem((error as Error).message);
      }
    }
  }

  async #replaceFollowed(followed: ShipPlan['followed']): Promise<void> {
    if (isDeepStrictEqual(followed, this.#followed)) return;
    // Until then files go on as before: in an outage they are still opened before they have other names.
    await this.#shipment.allConfirmed().catch(() => {});
    this.#followed = followed;
    this.#turn.abort();
  }
}

/** Tells whether a listener is in a plan. */
function isIn(listened: readonly PlannedListener[]) {
  return ({ planned }: { readonly planned: PlannedListener }): boolean =>
    listened.some((next) => isDeepStrictEqual(next, planned));
}
