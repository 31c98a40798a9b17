import {
  DecodeError,
  encodeApiVersion,
  encodeChallenge,
  encodeChallengeResponse,
  encodeConfirmApiVersion,
  encodeConfirmDittoBlock,
  encodeConfirmEntry,
  encodeConfirmId,
  encodeConfirmIngesterState,
  encodeConfirmIngestOk,
  encodeConfirmTag,
  encodeDittoBlock,
  encodeErrorTag,
  encodeForceAck,
  encodeId,
  encodeIngesterState,
  encodeIngestOk,
  encodePing,
  encodePong,
  encodeState,
  encodeStreamConfiguration,
  encodeTag,
  encodeTagRequest,
  encodeTagResponse,
  encodeThrottle,
  type IndexerMessage,
  type IngesterMessage,
  MinimumVersion,
} from '@ringest/codec';
import { encodeFrame, hasTwins } from './entries.js';

/** `undefined`: what was decoded is not all of the message. */
export function encodeIndexerMessage(message: IndexerMessage): Uint8Array | undefined {
  switch (message.kind) {
    case 'challenge':
      return encodeChallenge(message);
    case 'state':
      return encodeState(message);
    case 'tagResponse':
      return encodeTagResponse(message.tags);
    case 'streamConfiguration':
      return encodeStreamConfiguration(message.compression);
    case 'confirmEntry':
      return exact(message.id, encodeConfirmEntry);
    case 'throttle':
      return encodeThrottle(message.nanoseconds);
    case 'confirmTag':
      return encodeConfirmTag(message.tag);
    case 'confirmIngestOk':
      return encodeConfirmIngestOk(message.ok);
    case 'confirmDittoBlock':
      return exact(message.result, encodeConfirmDittoBlock);
    case 'pong':
      return encodePong();
    case 'errorTag':
      return encodeErrorTag();
    case 'confirmId':
      return encodeConfirmId();
    case 'confirmApiVersion':
      return encodeConfirmApiVersion();
    case 'confirmIngesterState':
      return encodeConfirmIngesterState();
  }
}

/** `undefined`: what was decoded is not all of the message. */
export function encodeIngesterMessage(message: IngesterMessage): Uint8Array | undefined {
  switch (message.kind) {
    case 'challengeResponse': {
      const { answer, tenant } = message;
      const isLost = tenant && (tenant.name === '' || tenant.version < MinimumVersion.tenant);
      return isLost ? undefined : encodeChallengeResponse(answer, tenant);
    }
    case 'tagRequest':
      return encodeTagRequest(message.tags);
    case 'state':
      return encodeState(message);
    case 'streamConfiguration':
      return encodeStreamConfiguration(message.compression);
    case 'entry':
      return hasTwins(message.entry.enumeratedValues)
        ? undefined
        : exact(message.id, (id) => encodeFrame(id, message.entry));
    case 'tag':
      return encodeTag(message.name);
    case 'id':
      return encodeId(message);
    case 'apiVersion':
      return encodeApiVersion(message.version);
    case 'ingesterState':
      return message.state instanceof DecodeError ? undefined : encodeIngesterState(message.state);
    case 'dittoBlock':
      return encodeDittoBlock(message.count);
    case 'forceAck':
      return encodeForceAck();
    case 'ping':
      return encodePing();
    case 'ingestOk':
      return encodeIngestOk();
  }
}

/** A number beyond 2^53 is read as one close to it, and cannot be written. */
function exact(number: number, encode: (number: number) => Buffer): Buffer | undefined {
  return Number.isSafeInteger(number) ? encode(number) : undefined;
}
