import type { SeededRandom } from '../shared/random.js';
import {
  AGENTS,
  address,
  below,
  hex,
  METHODS,
  path,
  pick,
  port,
  remark,
  STATUSES,
  USERS,
} from './vocabulary.js';

/** A line of a log as they come in the field, without its end: one of a few forms, of any length. */
export function textLine(random: SeededRandom, time: Date): string {
  const stamp = time.toISOString();
  const host = `web-${below(random, 40)}`;
  switch (below(random, 5)) {
    case 0:
      return (
        `<38>${stamp} ${host} sshd[${below(random, 32768)}]: Failed password for ` +
        `${pick(random, USERS)} from ${address(random)} port ${port(random)} ssh2`
      );
    case 1:
      return (
        `<38>${stamp} ${host} sshd[${below(random, 32768)}]: Accepted publickey for ` +
        `${pick(random, USERS)} from ${address(random)} port ${port(random)}: SHA256:${hex(random, 4)}`
      );
    case 2:
      return (
        `<4>${stamp} ${host} kernel: [${(random.uniform() * 1e6).toFixed(6)}] DROP IN=eth0 ` +
        `SRC=${address(random)} DST=${address(random)} LEN=${below(random, 1500)} TTL=64 ` +
        `ID=${below(random, 65536)} PROTO=TCP SPT=${port(random)} DPT=${port(random)} SYN`
      );
    case 3:
      return `<30>${stamp} ${host} app[${below(random, 32768)}]: ${remark(random)}`;
    default:
      return (
        `${address(random)} - ${pick(random, USERS)} [${stamp}] "${pick(random, METHODS)} ` +
        `${path(random)} HTTP/1.1" ${pick(random, STATUSES)} ${below(random, 100_000)} "-" ` +
        `"${pick(random, AGENTS)}"`
      );
  }
}
