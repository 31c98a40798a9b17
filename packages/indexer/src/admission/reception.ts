import type { Socket } from 'node:net';
import type { CrowdedOutError } from '../errors.js';
import { AnswerQueue } from './answer-queue.js';
import type { Arrival } from './arrival.js';
import { acceptIngester, type HandshakeOptions, type HotIngester } from './handshake.js';
import { WaitingRoom } from './waiting-room.js';

/** Accepts the ingesters that may ingest, on all addresses that an indexer listens on. */
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
   * Does the TLS handshake and the ingest handshake. The stream is paused then, see {@link acceptIngester}.
   *
   * @throws {TlsHandshakeError} {@link CrowdedOutError} if the ingest handshake does not begin.
   * @throws whatever {@link acceptIngester} throws.
   */
  async receive(arrival: Arrival): Promise<{ stream: Socket; ingester: HotIngester }> {
    const acceptedAt = performance.now();
    const waitingRoom = this.#waitingRoom;
    const { socket } = arrival;
    let turnedAway: CrowdedOutError | undefined;
    // Connections through a pipe have no address: all of them come from this machine.
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
      // Its connection ends later. Until then it must not keep a place from others.
      guest.hasAnswered = false;
      throw turnedAway ?? error;
    }
  }
}
