import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Case } from './case.js';
import type { Network } from './network.js';

/** How far clocks jump, to either side. */
export const JUMP_SECONDS = 3600;

const NAME = 'libfaketimeMT.so.1';
/** Debian's library, by the name that the dynamic linker completes. */
const LIBRARY = `/usr/$LIB/faketime/${NAME}`;
const JUMPS = [JUMP_SECONDS, -JUMP_SECONDS, 0] as const;

/** Why the clock of a process cannot be changed here; `undefined`: it can. */
export function whyNoFaketime(): string | undefined {
  const env = { ...process.env, LD_PRELOAD: LIBRARY, FAKETIME: '@2001-02-03 04:05:06' };
  const { stdout } = spawnSync('date', ['+%Y'], { env, encoding: 'utf8' });
  return stdout?.trim() === '2001' ? undefined : 'libfaketime is missing: the package faketime';
}

/** The clocks of these hosts' programs jump ahead, behind, and back, in three parts of equal length. */
export function jumpingClocks(hosts: readonly string[]): Pick<Case, 'scene' | 'harm'> {
  return {
    scene: {
      environment: (network, host) => (hosts.includes(host) ? shiftingClock(network, host) : {}),
    },
    harm: async (scene, lengthMs) => {
      const { network } = scene;
      for (const host of hosts)
        if (!(await hasLibrary(network, host))) scene.problem(`the clock of ${host} is the usual`);
      for (const seconds of JUMPS) {
        for (const host of hosts) shiftClock(network, host, seconds);
        await delay(lengthMs / JUMPS.length);
      }
    },
  };
}

/** The environment of a program whose wall clock is changed while it runs. Its monotonic clock is not. */
function shiftingClock(network: Network, host: string): NodeJS.ProcessEnv {
  shiftClock(network, host, 0);
  return {
    LD_PRELOAD: LIBRARY,
    FAKETIME_TIMESTAMP_FILE: shiftFile(network, host),
    // It looks at the file once a second.
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DISABLE_SHM: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
}

/** From now on, the wall clock of the host's program is so many seconds ahead; less than 0: it is behind. */
function shiftClock(network: Network, host: string, seconds: number): void {
  writeFileSync(shiftFile(network, host), `${seconds < 0 ? '' : '+'}${seconds}`);
}

function shiftFile(network: Network, host: string): string {
  return join(network.folder, `${host}-clock`);
}

/** Whether the program of a host has the library that changes its clock: the dynamic linker ignores one that is missing. */
async function hasLibrary(network: Network, host: string): Promise<boolean> {
  const processes = await network.processes(host);
  const maps = processes.map((pid) => readFileSync(`/proc/${pid}/maps`, 'utf8'));
  return maps.some((text) => text.includes(NAME));
}
