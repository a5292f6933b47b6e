import { CLOCK, type Clock, type Plugin } from "@mlan/core";

/** A clock whose time changes only when a test advances it. */
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

/** Creates a plugin that provides the clock, for `use`. */
export function fakeClockPlugin(clock: FakeClock): Plugin<Clock> {
  return { name: "@mlan/testing/fake-clock", token: CLOCK, create: () => clock };
}
