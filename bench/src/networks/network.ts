import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SmallDisk } from '../shared/small-disk.js';
import { type LinkFaults, WELL } from './link-faults.js';
import {
  addNamespace,
  etcOf,
  ip,
  ownPrefix,
  removeLeftovers,
  removeRun,
  runFolder,
} from './namespaces.js';
import { Wire } from './wire.js';
import type { WireReport } from './wire-messages.js';

/** Of the addresses that are set aside for measurements of networks (RFC 2544). They lead nowhere. */
const SUBNET = '198.18.0';
const FIRST_HOST = 11;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A direction between two hosts, and what is wrong with it. */
export interface Fault {
  readonly from: string;
  readonly to: string;
  readonly faults: Partial<LinkFaults>;
}

/**
 * Hosts on this machine that reach each other, and nothing else: each is a network namespace whose only
 * interface is a TUN device, and one process passes packets between these. A process has one network at a
 * time.
 */
export class Network implements Disposable {
  /** Where processes of hosts keep their files. */
  readonly folder = runFolder();
  readonly hosts: readonly string[];
  readonly #wire: Wire;
  readonly #guard: Disposable;
  readonly #disks = new Map<string, SmallDisk>();
  #names: ReadonlyMap<string, string>;

  private constructor(hosts: readonly string[], wire: Wire, guard: Disposable) {
    this.hosts = hosts;
    this.#wire = wire;
    this.#guard = guard;
    this.#names = new Map(hosts.map((host) => [host, this.address(host)]));
    this.#writeNames();
  }

  /**
   * Makes the hosts. Each knows all of them by their names.
   * @param seed what all chances follow from
   */
  static async create(hosts: readonly string[], seed: number): Promise<Network> {
    removeLeftovers();
    const guard = removeAtTheEnd();
    try {
      mkdirSync(runFolder(), { recursive: true });
      const middle = namespaceOf('wire');
      for (const host of ['wire', ...hosts]) addNamespace(namespaceOf(host));
      const devices = hosts.map((_, i) => `host${i}`);
      const wire = await Wire.start(middle, devices, FIRST_HOST, seed);
      for (const [i, host] of hosts.entries()) {
        const namespace = namespaceOf(host);
        ip('-n', middle, 'link', 'set', `host${i}`, 'netns', namespace, 'name', 'eth0');
        ip('-n', namespace, 'address', 'add', `${SUBNET}.${FIRST_HOST + i}/24`, 'dev', 'eth0');
        ip('-n', namespace, 'link', 'set', 'eth0', 'up');
      }
      return new Network(hosts, wire, guard);
    } catch (error) {
      guard[Symbol.dispose]();
      throw error;
    }
  }

  address(host: string): string {
    return `${SUBNET}.${this.#number(host)}`;
  }

  /** Runs a command on a host. */
  spawn(host: string, command: readonly string[], options: SpawnOptions): ChildProcess {
    return spawn('ip', ['netns', 'exec', namespaceOf(host), ...command], options);
  }

  /** From now on, a name leads to another host. */
  moveName(name: string, host: string): void {
    this.#names = new Map([...this.#names, [name, this.address(host)]]);
    this.#writeNames();
  }

  /** These directions have these faults from now on, and all others have none. */
  async set(faults: readonly Fault[]): Promise<void> {
    await this.#wire.set(
      faults.map(({ from, to, faults }) => ({
        from: this.#number(from),
        to: this.#number(to),
        faults: { ...WELL, ...faults },
      })),
    );
  }

  report(): Promise<WireReport> {
    return this.#wire.report();
  }

  /** The host of a number in a report. */
  host(number: number): string | undefined {
    return this.hosts[number - FIRST_HOST];
  }

  /**
   * Makes a folder a small disk of its own, which goes with the network.
   * @throws {Error} nothing may be mounted here
   */
  mountDisk(path: string, bytes: number): void {
    const disk = SmallDisk.mount(path, bytes);
    if (disk === undefined) throw new Error(`no disk can be mounted at ${path}`);
    this.#disks.set(path, disk);
  }

  /** The small disk at a path. */
  disk(path: string): SmallDisk {
    const disk = this.#disks.get(path);
    if (disk === undefined) throw new Error(`there is no disk at ${path}`);
    return disk;
  }

  /** Ends all processes of the hosts, and removes everything. */
  [Symbol.dispose](): void {
    for (const disk of this.#disks.values()) disk.remove();
    this.#guard[Symbol.dispose]();
  }

  #number(host: string): number {
    const i = this.hosts.indexOf(host);
    if (i < 0) throw new Error(`there is no host ${host}`);
    return FIRST_HOST + i;
  }

  #writeNames(): void {
    const lines = [...this.#names].map(([name, address]) => `${address} ${name}\n`);
    const text = ['127.0.0.1 localhost\n', ...lines].join('');
    for (const host of this.hosts) writeFileSync(join(etcOf(namespaceOf(host)), 'hosts'), text);
  }
}

/** Both directions between hosts of two groups. */
export function between(
  some: readonly string[],
  others: readonly string[],
  faults: Partial<LinkFaults>,
): Fault[] {
  return [...oneWay(some, others, faults), ...oneWay(others, some, faults)];
}

/** What goes from hosts of one group to those of another one. */
export function oneWay(
  some: readonly string[],
  others: readonly string[],
  faults: Partial<LinkFaults>,
): Fault[] {
  return some.flatMap((from) => others.map((to) => ({ from, to, faults })));
}

/** Removes everything when it is disposed of, when the process exits, and when a signal ends it. */
function removeAtTheEnd(): Disposable {
  const onExit = () => removeRun();
  const onSignal = (signal: NodeJS.Signals) => {
    removal[Symbol.dispose]();
    // It ends as it would have without a listener.
    process.kill(process.pid, signal);
  };
  const removal = {
    [Symbol.dispose]() {
      process.off('exit', onExit);
      for (const signal of SIGNALS) process.off(signal, onSignal);
      removeRun();
    },
  };
  process.on('exit', onExit);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return removal;
}

function namespaceOf(host: string): string {
  return `${ownPrefix()}${host}`;
}
