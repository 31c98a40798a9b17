import type { Source } from '@ringest/codec';
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { configurationSchema, MuxerConfiguration } from './configuration.js';

/** What the schema takes, and what the interface says, in one form. */
type Input = Compared<z.input<typeof configurationSchema>>;
type Described = Compared<MuxerConfiguration>;
/** A type without `readonly`, and with a mark for what may be left out instead of `?` and `undefined`. */
type Compared<T> = T extends string | number | boolean | Uint8Array | Logger | Source
  ? T
  : T extends readonly (infer Element)[]
    ? Compared<Element>[]
    : {
        -readonly [Key in keyof T]-?: object extends Pick<T, Key>
          ? { optional: Compared<Exclude<T[Key], undefined>> }
          : { required: Compared<T[Key]> };
      };

/**
 * Does not compile unless the schema and `MuxerConfiguration` have the same fields, of the same types, down to
 * the fields of fields.
 */
export type SameFields = AssertNever<Differing<Input, Described> | Differing<Described, Input>>;
/** The fields of one that the other does not have, or has with another type. */
type Differing<One, Other> = {
  [Key in keyof One]: Key extends keyof Other ? (One[Key] extends Other[Key] ? never : Key) : Key;
}[keyof One];
type AssertNever<T extends never> = T;
