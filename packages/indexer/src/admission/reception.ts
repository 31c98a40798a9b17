import type { Socket } from 'node:net';
import type { CrowdedOutError } from '../errors.js';
import { AnswerQueue } from './answer-queue.js';
import type { Arrival } from './arrival.js';
import { acceptIngester, type HandshakeOptions, type HotIngester } from './handshake.js';
import { WaitingRoom } from './waiting-room.js';

/** Lets in the ingesters that may ingest, from all addresses that an indexer listens on. */
export class Reception {
  readonly #rules: HandshakeOptions;
  readonly #answers = new AnswerQueue();
  readonly #waitingRoom: WaitingRoom;

  /** @param maxUnauthenticated see {@link IndexerOptions.maxUnauthenticated}. */
  constructor(rules: HandshakeOptions, maxUnauthenticated: number) {
    this.#rules = rules;
    this.#waitingRoom = new WaitingRoom(maxUnauthenticated);
  }

  /**
   * Goes through the handshakes. The stream is paused after them, see {@link acceptIngester}.
   *
   * @throws {TlsHandshakeError} {@link CrowdedOutError} if it does not come as far as the protocol.
   * @throws whatever {@link acceptIngester} throws.
   */
  async receive(arrival: Arrival): Promise<{ stream: Socket; ingester: HotIngester }> {
    const acceptedAt = performance.now();
    const waitingRoom = this.#waitingRoom;
    const { socket } = arrival;
    let turnedAway: CrowdedOutError | undefined;
    // All that come through a pipe are of this machine.
    const origin = socket.remoteAddress ?? '';
    const guest = {
      origin,
      hasAnswered: false,
      turnAway(error: CrowdedOutError) {
        turnedAway = error;
        socket.destroy();
      },
    };
    socket.once('close', () => waitingRoom.leave(guest));
    waitingRoom.enter(guest);
    try {
      const stream = await arrival.stream;
      const ingester = await acceptIngester(stream, {
        ...this.#rules,
        acceptedAt,
        answers: this.#answers,
        origin,
        onProgress(stage) {
          guest.hasAnswered = true;
          if (stage === 'authenticated') waitingRoom.leave(guest);
        },
      });
      return { stream, ingester };
    } catch (error) {
      // Its connection lingers for a while, and takes a place that is others' now.
      guest.hasAnswered = false;
      throw turnedAway ?? error;
    }
  }
}
