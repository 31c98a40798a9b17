const IPV4 = 4;
const LEAST_HEADER = 20;
const TCP = 6;
const SYN = 0x02;
const ACK = 0x10;

/** The last byte of the address that an IPv4 packet comes from, and of the one that it goes to. */
export interface Ends {
  readonly from: number;
  readonly to: number;
}

/** `undefined`: it is no packet of IPv4. */
export function endsOf(packet: Buffer): Ends | undefined {
  if (packet.length < LEAST_HEADER || (packet[0] as number) >> 4 !== IPV4) return undefined;
  return { from: packet[15] as number, to: packet[19] as number };
}

/**
 * What tells the attempts to connect of one host apart: the port and the first sequence number.
 * @param packet of IPv4
 * @returns `undefined`: it is not the first packet of a TCP connection
 */
export function attemptOf(packet: Buffer): string | undefined {
  const header = ((packet[0] as number) & 15) * 4;
  if (packet[9] !== TCP || packet.length < header + LEAST_HEADER) return undefined;
  if (((packet[header + 13] as number) & (SYN | ACK)) !== SYN) return undefined;
  return packet.toString('latin1', header, header + 8);
}
