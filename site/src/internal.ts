/** What the tests of this repository use. It may change at any time. */
export { checkSite } from './finished.js';
export { relink } from './links.js';
