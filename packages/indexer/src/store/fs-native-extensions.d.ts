/** What is used of it: the package carries no types. */
declare module 'fs-native-extensions' {
  /**
   * Locks bytes of an open file, which must be writable, for this open file alone.
   * @param length 0: to its end
   * @returns false when another open file has the lock. Throws what the system gives
   */
  export function tryLock(fd: number, offset?: number, length?: number): boolean;
}
