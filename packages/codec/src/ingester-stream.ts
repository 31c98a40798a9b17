import { ANSWER_BYTES, MAX_TENANT_BYTES, TENANT_MARKER, type Tenant } from './authentication.js';
import { Command } from './command.js';
import { DecodeError, LimitError } from './errors.js';
import { decodeFrame, type Frame } from './frame.js';
import {
  decodeIngesterCommand,
  type IngesterCommand,
  ingesterCommandSize,
} from './ingester-command.js';
import {
  decodeState,
  decodeTagRequest,
  MAX_STATE_BYTES,
  MAX_TAG_MESSAGE_BYTES,
  type StateMessage,
} from './negotiation.js';
import { type StreamConfigurationMessage, StreamDecoder } from './stream-decoder.js';
import { decodeText } from './text.js';

/** Any message of an ingester to an indexer. */
export type IngesterMessage =
  | {
      readonly kind: 'challengeResponse';
      /** The 32 bytes of the answer, a copy. */
      readonly answer: Buffer;
      readonly tenant: Tenant | undefined;
    }
  | { readonly kind: 'tagRequest'; readonly tags: readonly string[] }
  | ({ readonly kind: 'state' } & StateMessage)
  | StreamConfigurationMessage
  | ({
      readonly kind: 'entry';
      /** Whether the entry belongs to a ditto block, and is not confirmed by itself (§10). */
      readonly ditto: boolean;
    } & Frame)
  | IngesterCommand;

// A response with a tenant: marker · answer · u16 version · u16 length · name.
const TENANT_ANSWER_OFFSET = 32;
const TENANT_VERSION_OFFSET = 64;
const TENANT_LENGTH_OFFSET = 66;
const TENANT_NAME_OFFSET = 68;

/** Decodes what an ingester sends: challenge response, tag request, state, then commands. */
export class IngesterStreamDecoder extends StreamDecoder<IngesterMessage> {
  /** How many entries of a ditto block are still missing. Nothing else may come before them. */
  #dittoEntries = 0;
  #phase: 'challengeResponse' | 'tagRequest' | 'state' | 'commands' = 'challengeResponse';

  protected decodeNext(): IngesterMessage | undefined {
    switch (this.#phase) {
      case 'challengeResponse':
        return this.#challengeResponse();
      case 'tagRequest':
        return this.#tagRequest();
      case 'state':
        return this.#state();
      case 'commands':
        return this.#command();
    }
  }

  #challengeResponse(): IngesterMessage | undefined {
    const { queue } = this;
    if (queue.length < ANSWER_BYTES) return undefined;
    if (!queue.peek(ANSWER_BYTES).equals(TENANT_MARKER)) {
      this.#phase = 'tagRequest';
      const answer = Buffer.from(queue.take(ANSWER_BYTES));
      return { kind: 'challengeResponse', answer, tenant: undefined };
    }
    if (queue.length < TENANT_NAME_OFFSET) return undefined;
    const head = queue.peek(TENANT_NAME_OFFSET);
    const length = head.readUInt16LE(TENANT_LENGTH_OFFSET);
    if (length > MAX_TENANT_BYTES) throw new LimitError('tenant', length, MAX_TENANT_BYTES);
    if (queue.length < TENANT_NAME_OFFSET + length) return undefined;
    const response = queue.take(TENANT_NAME_OFFSET + length);
    this.#phase = 'tagRequest';
    return {
      kind: 'challengeResponse',
      answer: Buffer.from(response.subarray(TENANT_ANSWER_OFFSET, TENANT_VERSION_OFFSET)),
      tenant: {
        name: decodeText('tenant', response.subarray(TENANT_NAME_OFFSET)),
        version: response.readUInt16LE(TENANT_VERSION_OFFSET),
      },
    };
  }

  #tagRequest(): IngesterMessage | undefined {
    const message = this.takePrefixed(4, 'tag request', MAX_TAG_MESSAGE_BYTES);
    if (message === undefined) return undefined;
    this.#phase = 'state';
    return { kind: 'tagRequest', tags: decodeTagRequest(message) };
  }

  #state(): IngesterMessage | undefined {
    const message = this.takePrefixed(2, 'state', MAX_STATE_BYTES);
    if (message === undefined) return undefined;
    this.#phase = 'commands';
    return { kind: 'state', ...decodeState(message) };
  }

  #command(): IngesterMessage | undefined {
    const { queue } = this;
    const size = ingesterCommandSize(queue.peek(queue.length), 0, queue.length);
    if (size > queue.length) return undefined;
    const command = queue.take(size);
    if (command.readUInt32LE(0) === Command.newEntry) {
      const ditto = this.#dittoEntries > 0;
      if (ditto) this.#dittoEntries--;
      return { kind: 'entry', ditto, ...decodeFrame(command) };
    }
    if (this.#dittoEntries > 0) {
      throw new DecodeError('ditto block', `${this.#dittoEntries} of its entries are missing`);
    }
    const message = decodeIngesterCommand(command);
    if (message.kind === 'dittoBlock') this.#dittoEntries = message.count;
    return message;
  }
}
