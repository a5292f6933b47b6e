import { counted } from "@mlan/core";
import { ApiError } from "./api-error.ts";
import type { ServeSettings } from "./serve-options.ts";

export interface Admitted {
  /**
   * Adds to the number of body bytes received. Throws {@link ApiError} when the bodies of all requests would become too
   * large.
   */
  take(bytes: number): void;
  /** Must be called when the body has arrived. The request then counts as a pending answer. */
  received(): void;
  /** Releases the bytes of the request's body. */
  leave(): void;
}

export interface Admission {
  /** Admits a request. Throws {@link ApiError}, before any of the body is read, when too many answers are pending. */
  enter(): Admitted;
}

/**
 * Admits requests while there is room for their bodies and answers. `waiting` returns the number of pending answers.
 */
export function createAdmission(
  { maximumWaiting, maximumHeldBytes }: Pick<ServeSettings, "maximumWaiting" | "maximumHeldBytes">,
  waiting: () => number,
): Admission {
  let receiving = 0;
  let held = 0;
  return {
    enter() {
      checkRoom(waiting() + receiving, 1, maximumWaiting);
      receiving++;
      let own = 0;
      let isReceived = false;
      const received = (): void => {
        if (!isReceived) receiving--;
        isReceived = true;
      };
      return {
        take(bytes) {
          if (held + bytes > maximumHeldBytes) throw fullOfBodies(maximumHeldBytes);
          held += bytes;
          own += bytes;
        },
        received,
        leave() {
          received();
          held -= own;
          own = 0;
        },
      };
    },
  };
}

/** Throws {@link ApiError} when `count` further answers would exceed the maximum. */
export function checkRoom(waiting: number, count: number, maximumWaiting: number): void {
  if (waiting + count <= maximumWaiting) return;
  throw new ApiError(
    429,
    `${counted(waiting, "answer")} ${waiting === 1 ? "is" : "are"} pending, the maximum is ${maximumWaiting}. Try again later.`,
  );
}

function fullOfBodies(most: number): ApiError {
  const megabytes = (most / 1e6).toFixed(1);
  return new ApiError(
    503,
    `the bodies of the requests that are being answered have ${megabytes} MB, the maximum of this server. Try again later.`,
  );
}
