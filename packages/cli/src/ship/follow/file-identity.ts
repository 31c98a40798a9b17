import { type BigIntStats, promises } from 'node:fs';

/** Which file it is, whatever its name. */
export interface FileIdentity {
  readonly device: string;
  readonly inode: string;
}

/** One text for one file. */
export function keyOf({ device, inode }: FileIdentity): string {
  return `${device}:${inode}`;
}

export function identityOf({ dev, ino }: BigIntStats): FileIdentity {
  return { device: String(dev), inode: String(ino) };
}

/** The regular file that a path leads to now; `undefined`: there is none. */
export async function fileAt(path: string): Promise<FileIdentity | undefined> {
  try {
    const stats = await promises.stat(path, { bigint: true });
    return stats.isFile() ? identityOf(stats) : undefined;
  } catch {
    // It was removed, or may not be looked at: opening it would say so.
    return undefined;
  }
}
