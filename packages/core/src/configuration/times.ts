import type { ConnectionTimes } from '@ringest/workers';
import { z } from 'zod';
import { MAX_TIMER_MS } from '../wait.js';

/** A time that a timer can wait. */
export const milliseconds = z.number().int().min(1).max(MAX_TIMER_MS);

/** Checks the option `times`. */
export const timesField = z
  .strictObject({
    dial: milliseconds.default(5000),
    tls: milliseconds.default(5000),
    handshake: milliseconds.default(5000),
    notReady: milliseconds.default(10_000),
    firstRetry: milliseconds.default(500),
    mostRetry: milliseconds.default(30_000),
    silence: milliseconds.default(10_000),
    confirmation: milliseconds.default(60_000),
  })
  .refine(({ firstRetry, mostRetry }) => firstRetry <= mostRetry, {
    path: ['firstRetry'],
    error: ({ input }) => retryProblem(input as ConnectionTimes),
  })
  .prefault({});

function retryProblem({ firstRetry, mostRetry }: ConnectionTimes): string {
  return `${firstRetry} ms is more than times.mostRetry, ${mostRetry} ms: lower it, or raise times.mostRetry`;
}
