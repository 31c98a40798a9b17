import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { EntryView } from '@ringest/indexer';
import { NO_SEQUENCE, readSequence, type SequencePlace } from '../contents/sequence-number.js';
import { type Arrivals, MAX_SEQUENCE } from '../shared/arrivals.js';

/** Numbers that are written, and read, at once. */
const NUMBERS = 16_384;

/** Stands for an entry that has no sequence number: no load comes to this one. */
const FOREIGN = MAX_SEQUENCE;

/**
 * The sequence numbers of what has arrived at an indexer, in a file. Each is there before its entry is
 * confirmed, so that whoever kills the indexer loses none that counts.
 */
export class ArrivalLog {
  readonly #file: number;
  readonly #place: SequencePlace;
  readonly #numbers = new Uint32Array(NUMBERS);
  #length = 0;

  /**
   * @param path a file, which is gone on with if it is there
   * @param place where entries have their sequence numbers
   */
  constructor(path: string, place: SequencePlace) {
    this.#file = openSync(path, 'a');
    this.#place = place;
  }

  readonly add = (entry: EntryView): void => {
    const sequence = readSequence(entry, this.#place);
    this.#numbers[this.#length++] = sequence === NO_SEQUENCE ? FOREIGN : sequence;
    if (this.#length === NUMBERS) this.flush();
  };

  /** Writes what was added. */
  readonly flush = (): void => {
    const bytes = new Uint8Array(this.#numbers.buffer, 0, this.#length * 4);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
    this.#length = 0;
  };
}

/** Adds all numbers of a log. */
export function readArrivalLog(path: string, arrivals: Arrivals): void {
  const file = openSync(path, 'r');
  const numbers = new Uint32Array(NUMBERS);
  const bytes = new Uint8Array(numbers.buffer);
  try {
    let held = 0;
    for (;;) {
      const read = readSync(file, bytes, held, bytes.length - held, null);
      if (read === 0) return;
      held += read;
      const whole = held >> 2;
      for (let i = 0; i < whole; i++) {
        const number = numbers[i] as number;
        if (number === FOREIGN) arrivals.addForeign();
        else arrivals.add(number);
      }
      bytes.copyWithin(0, whole * 4, held);
      held -= whole * 4;
    }
  } finally {
    closeSync(file);
  }
}
