import { onTestFinished } from 'vitest';
import type { CacheBlock } from '../../packages/workers/dist/cache/cache-boundary.js';
import type { CacheEvents } from '../../packages/workers/dist/cache/cache-events.js';
import { CacheLink } from '../../packages/workers/dist/cache/cache-link.js';

type Options = Partial<Omit<Parameters<typeof CacheLink.open>[0], 'events'>>;

/** A link, and what it has told. */
export class LinkBench {
  readonly stored = new Set<number>();
  readonly places = new Map<number, number | undefined>();
  readonly troubles: (string | undefined)[] = [];
  readonly deaths: string[] = [];
  readonly #waits: (() => void)[] = [];
  #link: CacheLink | undefined;

  static async open(path: string, options: Options = {}): Promise<LinkBench> {
    const bench = new LinkBench();
    bench.#link = await CacheLink.open({
      path,
      muxer: 'm',
      maxSegmentBytes: 20_000,
      maxBytes: 2 ** 30,
      whenFull: 'wait',
      sync: 'always',
      tags: ['a'],
      events: bench.#events(),
      ...options,
    });
    onTestFinished(async () => void (await bench.link.close()));
    return bench;
  }

  get link(): CacheLink {
    if (this.#link === undefined) throw new Error('the link is not open');
    return this.#link;
  }

  append(frames: string | Buffer, use: CacheBlock['use'] = 'overflow'): number {
    const content = typeof frames === 'string' ? Buffer.from(frames) : frames;
    const bytes = content.length;
    const memory = new SharedArrayBuffer(bytes);
    content.copy(Buffer.from(memory));
    return this.link.append({ use, memory, offset: 0, bytes, count: 1 });
  }

  /** Waits until something that was told has made it true. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waits.push(resolve));
  }

  async read(segment: number): Promise<string[]> {
    const texts: string[] = [];
    for await (const { frames } of this.link.read(segment)) {
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
      placed: (key, segment) => {
        this.places.set(key, segment);
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
