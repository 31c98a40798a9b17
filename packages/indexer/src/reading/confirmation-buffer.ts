import { CONFIRM_ENTRY_BYTES, Command } from '@ringest/codec';

/** The most confirmations of one write: 64 KiB of them. */
const CONFIRMATIONS_PER_WRITE = 5461;

/** The bytes of one buffer. */
export const BUFFER_BYTES = CONFIRMATIONS_PER_WRITE * CONFIRM_ENTRY_BYTES;

/** Room for the confirmations of one write, of which only the ids have to be written. */
export class ConfirmationBuffer {
  readonly bytes = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  readonly view = new DataView(this.bytes.buffer, this.bytes.byteOffset, BUFFER_BYTES);

  constructor() {
    // The command words are written once: later, only the ids are written.
    for (let at = 0; at < BUFFER_BYTES; at += CONFIRM_ENTRY_BYTES) {
      this.view.setUint32(at, Command.confirmEntry, true);
    }
  }
}
