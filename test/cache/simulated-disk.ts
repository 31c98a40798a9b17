import type { Disk, DiskEntry, DiskFile, Done, Folder } from '@ringest/cache/internal';
import type { Random } from '../support/random.js';
import { SimulatedFile } from './simulated-file.js';

/** How likely things go wrong, per operation. */
export interface Faults {
  /** An operation fails with EIO or ENOSPC; of a write, a part may be done. */
  readonly failure: number;
  /** Syncing or truncating a file fails, besides. */
  readonly sync: number;
  /** A read or write does less than it was asked to. */
  readonly short: number;
  /** The process ends in the middle of it. Nothing works then until `restart` or `cutPower`. */
  readonly death: number;
}

export const NO_FAULTS: Faults = { failure: 0, sync: 0, short: 0, death: 0 };

/** A change of names that may or may not survive a power cut. */
interface Change {
  readonly folders: readonly Folder[];
  readonly removed?: string;
  readonly added?: string;
  readonly file: SimulatedFile;
}

/** A sync that goes on until the test has it end. */
interface SlowSync {
  readonly file: SimulatedFile | undefined;
  end(): void;
}

/**
 * A disk with an operating system's cache before it. `names` and the files' contents are what
 * programs see; at a power cut, any part of what was not synced is lost.
 */
export class SimulatedDisk implements Disk {
  readonly path = '/simulated';
  faults = NO_FAULTS;
  isDead = false;
  /** Every operation that was made, for tests that look at them. */
  readonly operations: string[] = [];
  /** What nobody may do to a disk, and was done. */
  readonly misuses: string[] = [];
  /** How many were opened, and not closed. */
  openFiles = 0;
  readonly #random: Random;
  readonly #pageBytes: number;
  #names = new Map<string, SimulatedFile>();
  #durableNames = new Map<string, SimulatedFile>();
  #changes: Change[] = [];
  #slowSyncs: SlowSync[] = [];

  constructor(random: Random, pageBytes = 512) {
    this.#random = random;
    this.#pageBytes = pageBytes;
  }

  list(folder: Folder): DiskEntry[] {
    this.#begin(`list ${folder}`);
    const prefix = `${folder}/`;
    return [...this.#names]
      .filter(([path]) => path.startsWith(prefix))
      .map(([path, file]) => {
        return { name: path.slice(prefix.length), bytes: file.bytes.length, isFile: true };
      })
      .reverse();
  }

  create(folder: Folder, name: string): DiskFile {
    this.#begin(`create ${folder}/${name}`);
    const path = `${folder}/${name}`;
    if (this.#names.has(path)) throw failure('EEXIST', path);
    const file = new SimulatedFile(this.#pageBytes);
    this.#change({ folders: [folder], added: path, file });
    return this.#handle(path, file);
  }

  open(folder: Folder, name: string): DiskFile {
    this.#begin(`open ${folder}/${name}`);
    return this.#handle(`${folder}/${name}`, this.file(folder, name));
  }

  remove(folder: Folder, name: string): void {
    this.#begin(`remove ${folder}/${name}`);
    const file = this.file(folder, name);
    this.#change({ folders: [folder], removed: `${folder}/${name}`, file });
  }

  setAside(from: Folder, name: string, newName: string): void {
    this.#begin(`set aside ${from}/${name}`);
    const file = this.file(from, name);
    const folders = [from, 'quarantine'] as const;
    this.#change({ folders, removed: `${from}/${name}`, added: `quarantine/${newName}`, file });
  }

  syncFolder(folder: Folder): void {
    this.#begin(`sync ${folder}`);
    this.#persist(this.#changesIn(folder));
  }

  beginSyncFolder(folder: Folder, done: Done): void {
    const error = this.#beginSlowly(`sync ${folder}`);
    const changes = this.#changesIn(folder);
    const end = () => {
      if (error === undefined) this.#persist(changes.filter((one) => this.#changes.includes(one)));
      done(error);
    };
    this.#slowSyncs.push({ file: undefined, end });
  }

  /** Whether a sync that was begun has not ended. */
  get isSyncing(): boolean {
    return this.#slowSyncs.length > 0;
  }

  /** A sync that was begun, ends; the oldest, or the one after so many. */
  endSync(at = 0): void {
    for (const sync of this.#slowSyncs.splice(at, 1)) sync.end();
  }

  /** Any one of the syncs that were begun, ends. */
  endAnySync(): void {
    this.endSync(this.#random.below(Math.max(1, this.#slowSyncs.length)));
  }

  /** All syncs that were begun, end, and those that are begun because of that. */
  endSyncs(): void {
    while (this.isSyncing) this.endAnySync();
  }

  /** Whoever began syncs is no more: nobody hears of their end. */
  forgetSyncs(): void {
    this.#slowSyncs = [];
  }

  /** The file of that name as programs see it. */
  file(folder: Folder, name: string): SimulatedFile {
    const file = this.#names.get(`${folder}/${name}`);
    if (file === undefined) throw failure('ENOENT', `${folder}/${name}`);
    return file;
  }

  /** The names of a folder, in order. */
  names(folder: Folder): string[] {
    const prefix = `${folder}/`;
    const paths = [...this.#names.keys()].filter((path) => path.startsWith(prefix));
    return paths.map((path) => path.slice(prefix.length)).sort();
  }

  /** Puts a file there, durable, without any fault. */
  put(folder: Folder, name: string, bytes: Uint8Array): void {
    const file = new SimulatedFile(this.#pageBytes);
    file.write(bytes, 0);
    file.sync();
    this.#names.set(`${folder}/${name}`, file);
    this.#durableNames.set(`${folder}/${name}`, file);
  }

  /** The operating system writes back some of what was not synced, as it does now and then. */
  writeBack(): void {
    for (const file of this.#names.values()) file.writeBack(this.#random);
  }

  /** The process has ended; everything it wrote is there. */
  restart(): void {
    this.forgetSyncs();
    this.openFiles = 0;
    this.isDead = false;
  }

  /** Only what was synced is certain to be there; of the rest, any part. */
  cutPower(): void {
    this.forgetSyncs();
    this.openFiles = 0;
    for (const change of this.#changes) {
      if (this.#random.chance(0.5)) apply(change, this.#durableNames);
    }
    this.#changes = [];
    const files = new Set([...this.#names.values(), ...this.#durableNames.values()]);
    for (const file of files) file.cutPower(this.#random);
    this.#names = new Map(this.#durableNames);
    this.isDead = false;
  }

  #change(change: Change): void {
    this.#changes.push(change);
    apply(change, this.#names);
  }

  #handle(path: string, file: SimulatedFile): DiskFile {
    let isClosed = false;
    this.openFiles++;
    const use = (operation: string) => {
      if (isClosed) this.misuses.push(`${operation} ${path}, which is closed`);
    };
    const useAlone = (operation: string) => {
      use(operation);
      if (this.#slowSyncs.some((sync) => sync.file === file)) {
        this.misuses.push(`${operation} ${path}, while it is synced`);
      }
    };
    return {
      size: () => file.bytes.length,
      read: (target, at) => {
        use('read');
        this.#begin(`read ${path} ${at}`);
        return file.read(target.subarray(0, this.#some(target.length)), at);
      },
      write: (bytes, at) => {
        use('write');
        try {
          this.#begin(`write ${path} ${at}`);
        } catch (cause) {
          file.write(bytes.subarray(0, this.#random.below(bytes.length)), at);
          throw cause;
        }
        return file.write(bytes.subarray(0, this.#some(bytes.length)), at);
      },
      truncate: (size) => {
        use('truncate');
        this.#begin(`truncate ${path} ${size}`, this.faults.sync);
        file.truncate(size);
      },
      sync: () => {
        useAlone('sync');
        try {
          this.#begin(`sync ${path}`, this.faults.sync);
        } catch (cause) {
          file.failSync(this.#random);
          throw cause;
        }
        file.sync();
      },
      beginSync: (done) => {
        useAlone('begin to sync');
        const error = this.#beginSlowly(`sync ${path}`, this.faults.sync);
        if (error !== undefined) file.failSync(this.#random);
        const succeed = file.beginSync(this.#random);
        const end = () => {
          if (error === undefined) succeed();
          else file.failSync(this.#random);
          done(error);
        };
        this.#slowSyncs.push({ file, end });
      },
      close: () => {
        use('close');
        isClosed = true;
        this.openFiles--;
      },
    };
  }

  #changesIn(folder: Folder): readonly Change[] {
    return this.#changes.filter(({ folders }) => folders.includes(folder));
  }

  #persist(changes: readonly Change[]): void {
    for (const change of changes) apply(change, this.#durableNames);
    this.#changes = this.#changes.filter((change) => !changes.includes(change));
  }

  /** @returns what is told when it ends. Throws when the process is dead */
  #beginSlowly(operation: string, besides = 0): Error | undefined {
    try {
      this.#begin(operation, besides);
      return undefined;
    } catch (cause) {
      if (this.isDead) throw cause;
      return cause as Error;
    }
  }

  #some(bytes: number): number {
    const isShort = bytes > 1 && this.#random.chance(this.faults.short);
    return isShort ? 1 + this.#random.below(bytes - 1) : bytes;
  }

  #begin(operation: string, besides = 0): void {
    if (this.isDead || this.#random.chance(this.faults.death)) {
      this.isDead = true;
      throw new Error('the process is dead');
    }
    this.operations.push(operation);
    if (this.#random.chance(this.faults.failure + besides)) {
      throw failure(this.#random.pick(['EIO', 'ENOSPC']), operation);
    }
  }
}

function apply({ removed, added, file }: Change, names: Map<string, SimulatedFile>): void {
  if (removed !== undefined && names.get(removed) === file) names.delete(removed);
  if (added !== undefined) names.set(added, file);
}

export function failure(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}
