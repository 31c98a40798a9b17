import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { answerOf } from '../shared/ask-child.js';
import { withoutSecret } from '../shared/child-environment.js';
import type { FromWire, LinkSetting, ToWire, WireReport } from './wire-messages.js';

/**
 * Opens a TUN device of each name, which Node.js cannot, and becomes a program that gets the open files as
 * further arguments. The numbers are TUNSETIFF, and IFF_TUN with IFF_NO_PI.
 */
const OPEN_DEVICES = String.raw`
  $^F = 255;
  while ((my $name = shift) ne '--') {
    open(my $device, '+<', '/dev/net/tun') or die "/dev/net/tun: $!\n";
    ioctl($device, 0x400454ca, pack('a16 S x22', $name, 0x1001)) or die "TUNSETIFF $name: $!\n";
    push @devices, $device;
  }
  exec @ARGV, map { fileno($_) } @devices or die "$ARGV[0]: $!\n";
`;

const PROGRAM = fileURLToPath(new URL('./wire-process.js', import.meta.url));

/** The process between all hosts, which has a TUN device for each. */
export class Wire {
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  /**
   * Starts it.
   * @param namespace where it makes the devices
   * @param devices their names, in the order of the numbers of the hosts
   * @param seed what all chances follow from
   */
  static async start(
    namespace: string,
    devices: readonly string[],
    firstHost: number,
    seed: number,
  ): Promise<Wire> {
    const node = [process.execPath, PROGRAM, `${seed}`, `${firstHost}`];
    const perl = ['perl', '-e', OPEN_DEVICES, ...devices, '--', ...node];
    const child = spawn('ip', ['netns', 'exec', namespace, ...perl], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // JSON has no Infinity.
      serialization: 'advanced',
      // Each read waits in a thread of its own.
      env: { ...withoutSecret(), UV_THREADPOOL_SIZE: `${devices.length + 1}` },
    });
    await answerOf<FromWire, 'ready'>(child, 'ready', 'the wire');
    return new Wire(child);
  }

  /** Sets the faults of these links. All others are well from then on. */
  async set(settings: readonly LinkSetting[]): Promise<void> {
    await this.#ask('set', { kind: 'faults', settings });
  }

  async report(): Promise<WireReport> {
    return (await this.#ask('report', { kind: 'report' })).report;
  }

  #ask<Kind extends FromWire['kind']>(kind: Kind, message: ToWire) {
    // One that is gone takes nothing; its exit says so.
    this.#process.send(message, () => {});
    return answerOf<FromWire, Kind>(this.#process, kind, 'the wire');
  }
}
