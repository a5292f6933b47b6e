import { CLOCK, type Clock, type Plugin } from "@mlan/core";

/** A clock that only moves when a test advances it. */
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

/** {@link fakeClock} as a plugin, for `use`. */
export function fakeClockPlugin(clock: FakeClock): Plugin<Clock> {
  return { name: "@mlan/testing/fake-clock", token: CLOCK, create: () => clock };
}
