export {};

declare global {
  /** The part of the WebAssembly API that is used here; Node's own types leave it to the DOM's. */
  namespace WebAssembly {
    class Module {
      constructor(bytes: Uint8Array);
    }

    class Instance {
      constructor(module: Module, imports: Record<string, Record<string, unknown>>);
      readonly exports: Record<string, unknown>;
    }

    class Memory {
      constructor(limits: { initial: number; maximum: number; shared: true });
      readonly buffer: SharedArrayBuffer;
    }
  }
}
