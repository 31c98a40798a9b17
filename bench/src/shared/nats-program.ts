import { spawnSync } from 'node:child_process';

/** The server of NATS, as Debian's package of that name has it. */
export const NATS_PROGRAM = 'nats-server';

/** Whether it can be run here. */
export function hasNatsProgram(): boolean {
  return spawnSync(NATS_PROGRAM, ['--version']).error === undefined;
}
