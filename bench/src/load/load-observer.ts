/** Who watches a load. */
export interface LoadObserver {
  /** The connection to an indexer failed; it is tried again. A failure that ends the load is thrown. */
  lost(error: Error, retryInMs: number): void;
  /** So many entries are written, after so many milliseconds. */
  progress(entries: number, elapsedMs: number): void;
  /** The cache in a folder has entries at the end, or damaged ones, and stays. */
  left(path: string): void;
}
