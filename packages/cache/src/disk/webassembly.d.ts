export {};

declare global {
  /** The part of the WebAssembly API that is used here; Node's own types leave it to the DOM's. */
  namespace WebAssembly {
    class Memory {
      constructor(limits: { initial: number });
      readonly buffer: ArrayBuffer;
    }
  }
}
