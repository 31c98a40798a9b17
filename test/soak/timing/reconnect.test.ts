import { expect, it } from 'vitest';
import { Attack } from '../../support/hostile-attack.js';
import { HostileServer } from '../../support/hostile-server.js';

it('an indexer that hangs up at once is dialled no more often than the pauses allow', async () => {
  const server = await HostileServer.listen((socket) => socket.destroy());
  const [firstRetry, mostRetry] = [40, 160];
  const start = performance.now();
  const attack = await Attack.begin(server, { times: { firstRetry, mostRetry } });
  await attack.lost(20);
  // Pauses double from the first to the longest one, each less by half at most.
  const doubling = Math.log2(mostRetry / firstRetry);
  const most = 2 + doubling + (performance.now() - start) / (0.5 * mostRetry);
  expect(server.accepted).toBeLessThanOrEqual(most);
  await attack.expectNoHarm();
});
