import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { textOf } from '../entries/json-texts.js';
import { HEC_ANSWERS, Refusal } from './hec-answers.js';
import type { HeldBytes } from './held-bytes.js';

/** How bodies are read. */
export interface BodyRules {
  /** The most bytes of a body, also when it was compressed. */
  readonly maxBytes: number;
  readonly held: HeldBytes;
  /** Aborted when nothing more is to be read. */
  readonly closing: AbortSignal;
}

/** A body that is whole. Its bytes are held until it is released. */
export class HttpBody {
  readonly bytes: Buffer;
  readonly #held: HeldBytes;
  #heldBytes: number;

  /** @param bytes held already */
  constructor(bytes: Buffer, held: HeldBytes) {
    this.bytes = bytes;
    this.#held = held;
    this.#heldBytes = bytes.length;
  }

  /**
   * The body as text, which is held too.
   * @throws {Refusal} there is no room for it
   * @throws {SyntaxError} it is no UTF-8
   */
  text(): string {
    const { length } = this.bytes;
    if (!this.#held.take(length)) throw new Refusal(HEC_ANSWERS.busy);
    this.#heldBytes += length;
    return textOf(this.bytes);
  }

  /** Everything of it was used. */
  release(): void {
    this.#held.give(this.#heldBytes);
    this.#heldBytes = 0;
  }
}

/**
 * Reads a body, whose bytes are held as they come. A body that finds no room does not wait, for it would keep the
 * room that it has: it is refused, and what it has held is free for others.
 * @throws {Refusal} it is too large, finds no room, is compressed otherwise than with gzip, or is not whole
 */
export async function readBody(request: IncomingMessage, rules: BodyRules): Promise<HttpBody> {
  const { maxBytes, held, closing } = rules;
  const source = unpacked(request, maxBytes);
  const chunks: Buffer[] = [];
  let bytes = 0;
  const { promise, resolve, reject } = deferred();
  const refuse = () => reject(new Refusal(HEC_ANSWERS.busy));
  const add = (chunk: Buffer) => {
    if (bytes + chunk.length > maxBytes) return reject(new Refusal(HEC_ANSWERS.tooLarge));
    if (!held.take(chunk.length)) return refuse();
    bytes += chunk.length;
    chunks.push(chunk);
  };
  const invalid = () => reject(new Refusal(HEC_ANSWERS.invalid));
  const closed = () => {
    if (!request.complete) invalid();
  };
  source.on('data', add).once('end', resolve).once('error', invalid);
  request.once('close', closed);
  closing.addEventListener('abort', refuse);
  if (closing.aborted) refuse();
  if (request.destroyed) closed();
  try {
    await promise;
    return new HttpBody(Buffer.concat(chunks), held);
  } catch (error) {
    held.give(bytes);
    source.off('data', add);
    if (source !== request) source.destroy();
    // A client that still sends may read its answer only when it is through.
    request.unpipe().resume();
    throw error;
  } finally {
    request.off('close', closed);
    closing.removeEventListener('abort', refuse);
  }
}

/** The bytes of a request as they were before they were compressed. */
function unpacked(request: IncomingMessage, maxBytes: number): Readable {
  const { 'content-encoding': encoding = 'identity', 'content-length': length } = request.headers;
  if (Number(length ?? 0) > maxBytes) throw new Refusal(HEC_ANSWERS.tooLarge);
  const name = encoding.trim().toLowerCase();
  if (name === 'gzip' || name === 'x-gzip') return request.pipe(createGunzip());
  if (name !== 'identity' && name !== '') throw new Refusal(HEC_ANSWERS.wrongEncoding);
  return request;
}

function deferred() {
  let resolve: () => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<void>((done, fail) => {
    resolve = done;
    reject = fail;
  });
  return { promise, resolve, reject };
}
