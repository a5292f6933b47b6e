import { CLOCK, type Clock, type Plugin } from "@mlan/core";

/** A clock that stands still until it is told to go on. */
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

/** The same as a plugin, for `use`. */
export function fakeClockPlugin(clock: FakeClock): Plugin<Clock> {
  return { name: "@mlan/testing/fake-clock", token: CLOCK, create: () => clock };
}
