import type { MuxerTag } from '@ringest/codec';
import { MuxerTags } from '../entries/muxer-tags.js';

/** The tags of the muxer, as a producer knows them. Before it calls one unknown, it reads its messages. */
export class ProducerTags extends MuxerTags {
  readonly #readMessages: () => void;

  /** @param readMessages adds the tags that messages on their way tell of */
  constructor(names: readonly string[], readMessages: () => void) {
    super(names);
    this.#readMessages = readMessages;
  }

  override has(tag: number): boolean {
    if (super.has(tag)) return true;
    this.#readMessages();
    return super.has(tag);
  }

  override get(name: string): MuxerTag {
    if (typeof name === 'string' && !this.hasName(name)) this.#readMessages();
    return super.get(name);
  }
}
