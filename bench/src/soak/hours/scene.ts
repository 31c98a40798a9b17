import { join } from 'node:path';
import type { ServerCertificate } from '../../shared/indexer-messages.js';
import type { Account } from './arrivals/account.js';
import type { SoakIndexer } from './indexers/soak-indexer.js';
import type { ProcessSettings } from './processes/soak-process.js';
import { MAX_STREAMS } from './soak-entries.js';

export interface SceneSettings {
  /** Of all files of the run but those that are kept. */
  readonly folder: string;
  /** Of what processes print. */
  readonly logs: string;
  readonly seed: number;
  /** Entries a second of each stream. */
  readonly rate: number;
  readonly secret: string;
  readonly certificate: ServerCertificate;
  /** Unix seconds of the first entries. */
  readonly startSeconds: number;
  /** How often processes say how they are, in milliseconds. */
  readonly reportMs: number;
  /** Called with what this machine lacks something for. */
  readonly leftOut: (what: string) => void;
  /** Called with what must not happen: the run has failed. */
  readonly failed: (name: string, problem: string) => void;
}

/** What all parts and indexers of a run have in common. */
export class Scene {
  readonly folder: string;
  readonly seed: number;
  readonly rate: number;
  readonly secret: string;
  readonly certificate: ServerCertificate;
  readonly startSeconds: number;
  readonly reportMs: number;
  readonly #settings: SceneSettings;
  #account: Account | undefined;
  #indexers: readonly SoakIndexer[] = [];
  #streams = 0;

  constructor(settings: SceneSettings) {
    this.#settings = settings;
    this.folder = settings.folder;
    this.seed = settings.seed;
    this.rate = settings.rate;
    this.secret = settings.secret;
    this.certificate = settings.certificate;
    this.startSeconds = settings.startSeconds;
    this.reportMs = settings.reportMs;
  }

  /** The indexers are there. */
  open(indexers: readonly SoakIndexer[], account: Account): void {
    this.#indexers = indexers;
    this.#account = account;
  }

  /** Addresses of all indexers, with their schemes. */
  targets(transport: keyof SoakIndexer['addresses']): string[] {
    return this.#indexers.map(({ addresses }) => addresses[transport]);
  }

  get account(): Account {
    if (this.#account === undefined) throw new Error('the scene is not open');
    return this.#account;
  }

  /** How many streams there are. */
  get streams(): number {
    return this.#streams;
  }

  /** The number of another stream. */
  addStream(): number {
    if (this.#streams === MAX_STREAMS) throw new Error(`there are ${MAX_STREAMS} streams already`);
    return this.#streams++;
  }

  /** A path in the folder for something that has a name of its own. */
  path(name: string): string {
    return join(this.folder, fileName(name));
  }

  /** The file of what a process prints. */
  logPath(name: string): string {
    return join(this.#settings.logs, `${fileName(name)}.txt`);
  }

  processSettings(name: string): Omit<ProcessSettings, 'module'> {
    return {
      folder: this.folder,
      reportMs: this.reportMs,
      logPath: this.logPath(name),
      died: (error) => this.failed(name, error.message),
    };
  }

  leftOut(what: string): void {
    this.#settings.leftOut(what);
  }

  failed(name: string, problem: string): void {
    this.#settings.failed(name, problem);
  }
}

function fileName(name: string): string {
  return name.replaceAll(/\W+/g, '-');
}
