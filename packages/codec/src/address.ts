/** The port of an indexer for TCP connections (§1). */
export const DEFAULT_TCP_PORT = 4023;

/** The port of an indexer for TLS connections (§1). */
export const DEFAULT_TLS_PORT = 4024;

/**
 * The longest path of a Unix socket in bytes (§1): the operating system's `sockaddr_un` has no
 * space for more.
 */
export const MAX_PIPE_PATH_BYTES = 107;
