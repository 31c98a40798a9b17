// What flags choose from, apart from what makes and compares contents: a command line need not load that.

/** The most entries that a load can have side by side. */
export const MAX_SLOTS = 1024;

/** `fast`: that of `FastDigest`. `sha256`: that of `EntryDigest`, which others can compute. */
export const DIGESTS = ['fast', 'sha256'] as const;

export type DigestKind = (typeof DIGESTS)[number];
