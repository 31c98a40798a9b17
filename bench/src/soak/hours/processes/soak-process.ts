import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { SECRET_VARIABLE } from '@ringest/indexer/command-line';
import { withoutSecret } from '../../../shared/child-environment.js';
import { RUN_FOLDER_VARIABLE } from '../run-folder.js';
import { REPORT_MS_VARIABLE } from './report-self.js';
import { mergeSelf, type SelfReport } from './self-watch.js';

/** How a process is started. */
export interface ProcessSettings {
  /** Its module. */
  readonly module: string;
  readonly args?: readonly string[];
  /** The folder of the run that it belongs to. */
  readonly folder: string;
  /** A file for all that it prints. */
  readonly logPath: string;
  /** How often it says how it is, in milliseconds. */
  readonly reportMs: number;
  /** For a program that takes the secret from its environment. */
  readonly secret?: string;
  /** Called when it ends although nobody wanted it to. */
  readonly died: (error: Error) => void;
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

type FromProcess = { readonly kind: string };

const REPORT_SELF = new URL('./report-self.js', import.meta.url).href;

/** The parent's handle on a process of a soak. */
export class SoakProcess {
  /** Resolves once it is gone, and all that it had said is heard. */
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  #self: SelfReport | undefined;
  #isToEnd = false;

  /** @param heard called with what it says, but for how it is */
  constructor(settings: ProcessSettings, heard: (message: FromProcess) => void = () => {}) {
    const { module, args = [], folder, logPath, reportMs, secret, died } = settings;
    const log = openSync(logPath, 'a');
    this.#process = fork(module, args, {
      execArgv: ['--import', REPORT_SELF],
      env: {
        ...withoutSecret(),
        [RUN_FOLDER_VARIABLE]: folder,
        [REPORT_MS_VARIABLE]: `${reportMs}`,
        ...(secret !== undefined && { [SECRET_VARIABLE]: secret }),
      },
      stdio: ['ignore', log, log, 'ipc'],
      // A terminal's interrupt is for the soak alone, which ends its processes in order.
      detached: true,
    });
    closeSync(log);
    const [gone, heardAll] = [once(this.#process, 'exit'), once(this.#process, 'disconnect')];
    this.exited = Promise.all([gone, heardAll]).then(([[code, signal]]) => ({ code, signal }));
    void this.exited.then(
      ({ code, signal }) => {
        if (this.#isToEnd) return;
        died(new Error(`it ended early, with ${signal ?? `status ${code}`}: see ${logPath}`));
      },
      (error: Error) => died(error),
    );
    this.#process.on('message', (message: FromProcess & { readonly self?: SelfReport }) => {
      if (message.self !== undefined) this.#self = mergeSelf(this.#self, message.self);
      else heard(message);
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** What it has said about itself since the last call; `undefined`: nothing. */
  takeSelf(): SelfReport | undefined {
    const self = this.#self;
    this.#self = undefined;
    return self;
  }

  /** It may be gone. */
  send(message: object): void {
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  /** Sends a message and waits for the answer of a kind; fails when the process ends before. */
  async ask<Answer extends FromProcess>(message: object, kind: Answer['kind']): Promise<Answer> {
    const end = new AbortController();
    const answered = new Promise<Answer>((resolve) => {
      const onMessage = (answer: Answer) => {
        if (answer.kind === kind) resolve(answer);
      };
      this.#process.on('message', onMessage);
      end.signal.addEventListener('abort', () => this.#process.off('message', onMessage));
    });
    const gone = this.exited.then(({ code, signal }) => {
      throw new Error(`a process of the soak ended early, with ${signal ?? `status ${code}`}`);
    });
    this.send(message);
    return Promise.race([answered, gone]).finally(() => end.abort());
  }

  /** Stops the process where it is for so many milliseconds. The signal ends that early. */
  async standStill(milliseconds: number, signal: AbortSignal): Promise<void> {
    this.#process.kill('SIGSTOP');
    await delay(milliseconds, undefined, { signal }).catch(() => {});
    this.#process.kill('SIGCONT');
  }

  /** Kills it without warning, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#isToEnd = true;
    this.#process.kill('SIGKILL');
    await this.exited;
  }

  /** Asks it to end as a service manager does. */
  terminate(): Promise<Exit> {
    this.#isToEnd = true;
    this.#process.kill('SIGTERM');
    return this.exited;
  }

  /** It ends once it notices that nobody talks to it. */
  release(): Promise<Exit> {
    this.#isToEnd = true;
    if (this.#process.connected) this.#process.disconnect();
    return this.exited;
  }
}
