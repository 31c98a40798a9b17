const IPV4 = 4;
const LEAST_HEADER = 20;
const ICMP = 1;
const TCP = 6;
const SYN = 0x02;
const ACK = 0x10;
const HOPS = 64;
/** "Destination unreachable", and "fragmentation needed" (RFC 792). */
const UNREACHABLE = [3, 4] as const;
const ICMP_HEADER = 8;

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

/**
 * What tells the sender of a packet that it is too long, in the name of who should have got it (RFC 1191).
 * @param packet of IPv4
 * @param largestBytes how long a packet may be
 */
export function tooBig(packet: Buffer, largestBytes: number): Buffer {
  const header = ((packet[0] as number) & 15) * 4;
  // Who gets it finds the connection by the first bytes of what is after the header.
  const quoted = packet.subarray(0, header + 8);
  const answer = Buffer.alloc(LEAST_HEADER + ICMP_HEADER + quoted.length);
  answer.writeUInt8((IPV4 << 4) | (LEAST_HEADER / 4), 0);
  answer.writeUInt16BE(answer.length, 2);
  answer.set([HOPS, ICMP], 8);
  packet.copy(answer, 12, 16, 20);
  packet.copy(answer, 16, 12, 16);
  answer.writeUInt16BE(checksumOf(answer.subarray(0, LEAST_HEADER)), 10);
  const message = answer.subarray(LEAST_HEADER);
  message.set(UNREACHABLE);
  message.writeUInt16BE(largestBytes, 6);
  message.set(quoted, ICMP_HEADER);
  message.writeUInt16BE(checksumOf(message), 2);
  return answer;
}

/** Of an even number of bytes: the ones' complement of their sum in words of 16 bits (RFC 1071). */
function checksumOf(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
