export { Balancer, type BalancerOptions } from './balancer.js';
export { type Candidate, POLICIES, type Policy } from './candidate.js';
