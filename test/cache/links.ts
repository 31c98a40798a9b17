import type { CacheEvents, CacheSegment, Place } from '@ringest/cache/internal';
import { CacheLink } from '@ringest/cache/internal';
import { onTestFinished } from 'vitest';

export const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => `<${from + i}>${'x'.repeat((from + i) % 700)}`);

type Options = Partial<Omit<ConstructorParameters<typeof CacheLink>[0], 'events'>>;

/** A link, and what it has told. */
export class LinkBench {
  readonly stored = new Set<number>();
  readonly places = new Map<number, Place | undefined>();
  /** Each list of segments that was found, and which blocks had a place by then. */
  readonly finds: { segments: readonly CacheSegment[]; placed: number }[] = [];
  readonly troubles: (string | undefined)[] = [];
  readonly deaths: string[] = [];
  readonly #waits: (() => void)[] = [];
  readonly link: CacheLink;

  /** It is not open yet. */
  constructor(path: string, options: Options = {}) {
    this.link = new CacheLink({
      path,
      muxer: 'm',
      maxSegmentBytes: 20_000,
      maxBytes: 2 ** 30,
      whenFull: 'wait',
      sync: 'always',
      tags: ['a'],
      events: this.#events(),
      ...options,
    });
    onTestFinished(async () => void (await this.link.close()));
  }

  static async open(path: string, options: Options = {}): Promise<LinkBench> {
    const bench = new LinkBench(path, options);
    await bench.link.opened;
    return bench;
  }

  append(frames: string | Buffer, count = 1): number {
    const content = typeof frames === 'string' ? Buffer.from(frames) : frames;
    const bytes = content.length;
    const memory = new SharedArrayBuffer(bytes);
    content.copy(Buffer.from(memory));
    return this.link.append({ memory, offset: 0, bytes, count });
  }

  /** Waits until this many blocks have a place. */
  async untilPlaced(count: number): Promise<void> {
    const placed = () => [...this.places.values()].filter((place) => place !== undefined).length;
    await this.until(() => placed() >= count);
  }

  /** Waits until something that was told has made it true. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waits.push(resolve));
  }

  async read(segment: number, from?: number): Promise<string[]> {
    const texts: string[] = [];
    for await (const { frames } of this.link.read(segment, from)) {
      texts.push(Buffer.from(frames).toString());
    }
    return texts;
  }

  async readAll(): Promise<string[]> {
    const texts: string[] = [];
    for (const { id } of this.link.segments) texts.push(...(await this.read(id)));
    return texts;
  }

  #events(): CacheEvents {
    const told = () => {
      for (const wake of this.#waits.splice(0)) wake();
    };
    return {
      found: (segments) => {
        this.finds.push({ segments, placed: this.places.size });
        told();
      },
      placed: (key, place) => {
        this.places.set(key, place);
        told();
      },
      stored: ({ key, memory }) => {
        this.stored.add(key);
        Buffer.from(memory).fill('garbage');
        told();
      },
      segments: told,
      full: told,
      trouble: (error) => {
        this.troubles.push(error?.message);
        told();
      },
      died: (error) => {
        this.deaths.push(error.message);
        told();
      },
    };
  }
}
