import { ApiError } from "./api-error.ts";
import type { ServeSettings } from "./serve-options.ts";

/** A request that was let in. */
export interface Admitted {
  /** Counts further bytes of its body. Throws an {@link ApiError} when those of all requests would be too many. */
  take(bytes: number): void;
  /** Its body has arrived; from now on it counts where answers are waited for. */
  received(): void;
  /** Gives back its bytes. */
  leave(): void;
}

export interface Admission {
  /** Throws an {@link ApiError} when too many wait already, before anything of the body is read. */
  enter(): Admitted;
}

/** Lets requests in while there is room for their bodies and their answers; `waiting` counts the answers. */
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

/** Throws an {@link ApiError} when there is no room for `count` more answers. */
export function checkRoom(waiting: number, count: number, maximumWaiting: number): void {
  if (waiting + count <= maximumWaiting) return;
  throw new ApiError(
    429,
    `${waiting} answers are being waited for, and ${maximumWaiting} is the most. Try again later.`,
  );
}

function fullOfBodies(most: number): ApiError {
  const megabytes = (most / 1e6).toFixed(1);
  return new ApiError(
    503,
    `the bodies of the requests that are being answered have ${megabytes} MB, the most that this server holds. Try again later.`,
  );
}
