import { writePages } from './generated-pages.js';

/** `pnpm reference`: writes the parts of `docs` that are made from the code. */
writePages();
