import { fileURLToPath } from 'node:url';

/** The folder of the checkout that this command belongs to. */
export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
