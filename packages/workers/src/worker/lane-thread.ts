import { serveTasks } from '../thread/serve-tasks.js';
import { runLane } from './lane-worker.js';

// The program of a thread that runs lanes.
serveTasks(runLane);
