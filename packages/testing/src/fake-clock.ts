import { CLOCK, type Clock, type Plugin } from "@mlan/core";

/** A clock that a test advances. */
export interface FakeClock extends Clock {
  advance(milliseconds: number): void;
}

export function fakeClock(): FakeClock {
  let time = 0;
  return {
    now: () => time,
    advance(milliseconds) {
      time += milliseconds;
    },
  };
}

/** Creates a plugin for `use` that provides the clock. */
export function fakeClockPlugin(clock: FakeClock): Plugin<Clock> {
  return { name: "@mlan/testing/fake-clock", token: CLOCK, create: () => clock };
}
