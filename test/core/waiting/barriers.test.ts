import { Barriers } from '@ringest/core/internal';
import { describe, expect, it } from 'vitest';

type Lanes = ConstructorParameters<typeof Barriers>[0];

/** A lane whose worker confirms everything right before the look with a number, from 0 on. */
function laneReleasedAt(look: number) {
  let looks = 0;
  let isArmed = false;
  const isReleased = () => looks++ >= look;
  const lane = {
    position: 100,
    isReleased,
    wakeWhenReleased: () => {
      if (isReleased()) return true;
      isArmed = true;
      return isReleased();
    },
    flush: () => {},
  };
  return { lanes: [lane] as unknown as Lanes, isArmed: () => isArmed };
}

describe('somebody who waits for a confirmation', () => {
  it.each([0, 1, 2, 3, 4, 5])(
    'is served, or woken, when it comes between two looks: before look %s',
    async (look) => {
      const { lanes, isArmed } = laneReleasedAt(look);
      const barriers = new Barriers(lanes);
      let isOver = false;
      const over = barriers.add(false, {}, (place) => {
        place();
        return () => {};
      });
      over.then(() => {
        isOver = true;
      });
      for (let rounds = 0; barriers.settle(undefined); rounds++) expect(rounds).toBeLessThan(10);
      await new Promise(setImmediate);
      // One that is armed before the confirmation is woken by it.
      expect(isOver || isArmed()).toBe(true);
    },
  );
});
