export { Balancer, type BalancerOptions } from './balancer.js';
export type { Candidate, Policy } from './candidate.js';
