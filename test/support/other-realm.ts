import { runInNewContext } from 'node:vm';

/** What an expression is in another realm, whose classes are not those of this one. */
export function foreign<Value>(expression: string): Value {
  return runInNewContext(expression) as Value;
}

/** Bytes whose memory went to another thread. */
export function transferred(length: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(65);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

/** Bytes whose resizable buffer shrank below them. */
export function shrunk(length: number): Uint8Array {
  // TypeScript's library has resizable buffers from ES2024 on.
  const resizable = Reflect.construct(ArrayBuffer, [2 * length, { maxByteLength: 2 * length }]);
  const bytes = new Uint8Array(resizable, length, length);
  Reflect.get(resizable, 'resize').call(resizable, length);
  return bytes;
}
