import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EntryAccount, type EntryStream, Follower } from 'ringest/internal';
import { onTestFinished } from 'vitest';

/** How a scripted follower follows. */
export interface FollowScript {
  readonly inputs: readonly string[];
  readonly maxAheadBytes: number;
  /** Default: false. */
  readonly fromEnd?: boolean;
  /** Default: nothing is ever quiet. */
  readonly quietMs?: number;
}

/** One run of the follower, from its start to its end or to a kill. */
interface Run {
  readonly follower: Follower;
  readonly stop: AbortController;
  /** Lines that were written, in their order. */
  readonly lines: string[];
  /** Confirmations that are waited for: what they stand for, and what gives them. */
  readonly waiting: { readonly count: number; readonly give: () => void }[];
  turning: Promise<void> | undefined;
  given: number;
}

/**
 * The follower of `ringest ship --follow` in this process: the test decides when it looks, what is confirmed,
 * and when it is killed. Lines arrive when they are confirmed, and what a kill finds unconfirmed is lost.
 */
export class ScriptedFollower {
  /** The lines that have arrived. */
  readonly arrived: string[] = [];
  /** What it has said. */
  readonly said: string[] = [];
  readonly #script: FollowScript;
  readonly #folder: string;
  #runs = 0;
  #run: Run;

  private constructor(script: FollowScript, folder: string) {
    this.#script = script;
    this.#folder = folder;
    this.#run = this.#newRun();
    onTestFinished(() => stopped(this.#run));
  }

  /** @param folder where its state is kept */
  static async start(script: FollowScript, folder: string): Promise<ScriptedFollower> {
    const started = new ScriptedFollower(script, folder);
    await started.#run.follower.resume();
    return started;
  }

  /** Where this run keeps its state. */
  get statePath(): string {
    return join(this.#folder, `state.${this.#runs}`);
  }

  /** The lines that this run has read, and the last ones may not be confirmed. */
  get read(): readonly string[] {
    return this.#run.lines;
  }

  /** Whether something waits to be confirmed. */
  get isWaiting(): boolean {
    return this.#run.waiting.length > 0;
  }

  /** The files that it has open. */
  get files(): Follower['files'] {
    return this.#run.follower.files;
  }

  /** Begins to look at all files, unless it is at it. @returns resolves when it is done */
  turn(): Promise<void> {
    const run = this.#run;
    run.turning ??= run.follower.turn(run.stop.signal).then(() => {
      run.turning = undefined;
    });
    return run.turning;
  }

  /** Confirms what waits for it. */
  confirm(): void {
    const { waiting, lines } = this.#run;
    for (const { count, give } of waiting.splice(0)) {
      this.arrived.push(...lines.slice(this.#run.given, count));
      this.#run.given = Math.max(this.#run.given, count);
      give();
    }
  }

  /** Looks and confirms until something is so. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      void this.turn();
      this.confirm();
      await nextTurn();
    }
  }

  /** What `kill -9` leaves behind: the state as it was kept. The next run begins with it. */
  async killAndStart(): Promise<void> {
    const killed = this.#run;
    await this.#startNext();
    // What is left of it may do what it likes: its state and its lines are looked at no more.
    await stopped(killed);
  }

  /** What SIGTERM does, and a new start. */
  async endAndStart(): Promise<void> {
    await this.end();
    await this.#startNext();
  }

  /** Confirms everything that was read, and ends. */
  async end(): Promise<void> {
    const run = this.#run;
    run.stop.abort();
    await run.turning;
    this.confirm();
    this.arrived.push(...run.lines.slice(run.given));
    run.given = run.lines.length;
    await run.follower.end();
  }

  /** Ends as after an error: nothing that was read is confirmed. */
  async fail(): Promise<void> {
    await this.#run.follower.close();
  }

  async #startNext(): Promise<void> {
    const left = this.statePath;
    this.#runs++;
    if (existsSync(left)) copyFileSync(left, this.statePath);
    this.#run = this.#newRun();
    await this.#run.follower.resume();
  }

  #newRun(): Run {
    const lines: string[] = [];
    const waiting: Run['waiting'] = [];
    const follower = new Follower(
      {
        inputs: this.#script.inputs,
        maxAheadBytes: this.#script.maxAheadBytes,
        statePath: this.statePath,
        fromEnd: this.#script.fromEnd ?? false,
        pollMs: 1,
        quietMs: this.#script.quietMs ?? Number.POSITIVE_INFINITY,
      },
      {
        account: new EntryAccount(),
        openStream: () => lineStream(lines),
        confirmed: () =>
          new Promise((resolve) => {
            waiting.push({ count: lines.length, give: resolve });
          }),
        say: (line) => this.said.push(line),
        problem: (text) => this.said.push(text),
      },
    );
    return { follower, stop: new AbortController(), lines, waiting, turning: undefined, given: 0 };
  }
}

async function stopped({ follower, stop, turning }: Run): Promise<void> {
  stop.abort();
  await turning;
  await follower.close();
}

/** Lines as a line writer makes them, which keeps the rest of the last one. */
function lineStream(lines: string[]): EntryStream {
  let rest = '';
  return {
    write: (chunk) => {
      const parts = (rest + Buffer.from(chunk as Uint8Array).toString('latin1')).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
      return undefined;
    },
    end: () => {
      if (rest !== '') lines.push(rest);
      rest = '';
      return undefined;
    },
    stats: () => ({ entries: lines.length, refusedLines: 0, unfinishedBytes: rest.length }),
  };
}
