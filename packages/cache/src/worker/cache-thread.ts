import { serveTasks } from '@ringest/workers/thread';
import { runCache } from './cache-task.js';

// The program of the thread that keeps a cache.
serveTasks(runCache);
