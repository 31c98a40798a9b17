/** What a link does to the packets of one direction. */
export interface LinkFaults {
  /** Nothing passes. */
  readonly isCut: boolean;
  /** The share of packets that vanish, from 0 to 1. */
  readonly lossShare: number;
  /** How long each packet takes, in milliseconds. */
  readonly delayMs: number;
  /** By how much that varies to either side. The packets keep their order. */
  readonly jitterMs: number;
  /** The share of packets that others overtake, from 0 to 1. */
  readonly reorderShare: number;
  /** How much longer these take, in milliseconds. */
  readonly reorderMs: number;
  /** What passes in a second. What waits beyond {@link QUEUE_BYTES} vanishes. */
  readonly bitsPerSecond: number;
  /** Longer packets vanish. */
  readonly largestBytes: number;
  /** Whether their sender is told, as by a router (RFC 1191). Otherwise the link is a black hole for path MTU discovery. */
  readonly tellsLargest: boolean;
}

/** A link that passes everything at once. */
export const WELL: LinkFaults = {
  isCut: false,
  lossShare: 0,
  delayMs: 0,
  jitterMs: 0,
  reorderShare: 0,
  reorderMs: 0,
  bitsPerSecond: Number.POSITIVE_INFINITY,
  largestBytes: Number.POSITIVE_INFINITY,
  tellsLargest: false,
};

/** What the buffer of a slow link holds. */
export const QUEUE_BYTES = 64 * 1024;
