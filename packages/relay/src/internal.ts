/** What the tests of this repository use beside the public face. It may change at any time. */
export { ChildStates } from './child-states.js';
