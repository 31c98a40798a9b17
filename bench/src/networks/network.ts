import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SmallDisk } from '../shared/small-disk.js';
import { type LinkFaults, WELL } from './link-faults.js';
import { addNamespace, etcOf, folderOf, ip, newPrefix, removeLeftovers } from './namespaces.js';
import { removeAtTheEnd } from './removal.js';
import { Wire } from './wire.js';
import type { WireReport } from './wire-messages.js';

/** Of the addresses that are set aside for measurements of networks (RFC 2544). They lead nowhere. */
const SUBNET = '198.18.0';
const FIRST_HOST = 11;

/** A direction between two hosts, and what is wrong with it. */
export interface Fault {
  readonly from: string;
  readonly to: string;
  readonly faults: Partial<LinkFaults>;
}

/**
 * Hosts on this machine that reach each other, and nothing else: each is a network namespace whose only
 * interface is a TUN device, and one process passes packets between these. Networks know nothing of each
 * other, and have the same addresses.
 */
export class Network implements Disposable {
  /** Where processes of hosts keep their files. */
  readonly folder: string;
  readonly hosts: readonly string[];
  readonly #prefix: string;
  readonly #wire: Wire;
  readonly #guard: Disposable;
  readonly #disks = new Map<string, SmallDisk>();
  #names: ReadonlyMap<string, string>;

  private constructor(prefix: string, hosts: readonly string[], wire: Wire, guard: Disposable) {
    this.folder = folderOf(prefix);
    this.hosts = hosts;
    this.#prefix = prefix;
    this.#wire = wire;
    this.#guard = guard;
    this.#names = new Map(hosts.map((host) => [host, this.address(host)]));
    for (const host of hosts)
      writeFileSync(join(etcOf(this.#namespace(host)), 'nsswitch.conf'), 'hosts: files\n');
    this.#writeNames();
  }

  /**
   * Makes the hosts. Each knows all of them by their names.
   * @param seed what all chances follow from
   */
  static async create(hosts: readonly string[], seed: number): Promise<Network> {
    removeLeftovers();
    const prefix = newPrefix();
    const guard = removeAtTheEnd(prefix);
    try {
      mkdirSync(folderOf(prefix), { recursive: true });
      const middle = `${prefix}wire`;
      for (const host of ['wire', ...hosts]) await addNamespace(`${prefix}${host}`);
      const devices = hosts.map((_, i) => `host${i}`);
      const wire = await Wire.start(middle, devices, FIRST_HOST, seed);
      for (const [i, host] of hosts.entries()) {
        const namespace = `${prefix}${host}`;
        await ip('-n', middle, 'link', 'set', `host${i}`, 'netns', namespace, 'name', 'eth0');
        const address = `${SUBNET}.${FIRST_HOST + i}/24`;
        await ip('-n', namespace, 'address', 'add', address, 'dev', 'eth0');
        await ip('-n', namespace, 'link', 'set', 'eth0', 'up');
      }
      return new Network(prefix, hosts, wire, guard);
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
    return spawn('ip', ['netns', 'exec', this.#namespace(host), ...command], options);
  }

  /** The numbers of the processes of a host. */
  async processes(host: string): Promise<string[]> {
    return (await ip('netns', 'pids', this.#namespace(host))).split('\n').filter(Boolean);
  }

  /** From now on, a host sends no packets of more bytes, and asks others for none when they connect. */
  async setMtu(host: string, bytes: number): Promise<void> {
    await ip('-n', this.#namespace(host), 'link', 'set', 'eth0', 'mtu', `${bytes}`);
  }

  /** From now on, a name leads to another host. */
  moveName(name: string, host: string): void {
    this.#names = new Map([...this.#names, [name, this.address(host)]]);
    this.#writeNames();
  }

  /** From now on, a name leads nowhere. */
  removeName(name: string): void {
    this.#names = new Map([...this.#names].filter(([other]) => other !== name));
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

  #namespace(host: string): string {
    return `${this.#prefix}${host}`;
  }

  #number(host: string): number {
    const i = this.hosts.indexOf(host);
    if (i < 0) throw new Error(`there is no host ${host}`);
    return FIRST_HOST + i;
  }

  #writeNames(): void {
    const lines = [...this.#names].map(([name, address]) => `${address} ${name}\n`);
    const text = ['127.0.0.1 localhost\n', ...lines].join('');
    for (const host of this.hosts) writeFileSync(join(etcOf(this.#namespace(host)), 'hosts'), text);
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
