import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Network } from './network.js';

/** Debian's library, by the name that the dynamic linker completes; and where that is. */
const LIBRARY = '/usr/$LIB/faketime/libfaketimeMT.so.1';
const PLACES = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
];

/** Why the clock of a process cannot be changed here; `undefined`: it can. */
export function whyNoFaketime(): string | undefined {
  const isThere = PLACES.some((place) => existsSync(join(place, 'faketime/libfaketimeMT.so.1')));
  return isThere ? undefined : 'libfaketime is missing: the package faketime';
}

/** The environment of a program whose wall clock is changed while it runs. Its monotonic clock is not. */
export function shiftingClock(network: Network, host: string): NodeJS.ProcessEnv {
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
export function shiftClock(network: Network, host: string, seconds: number): void {
  writeFileSync(shiftFile(network, host), `${seconds < 0 ? '' : '+'}${seconds}`);
}

function shiftFile(network: Network, host: string): string {
  return join(network.folder, `${host}-clock`);
}
