/** Lets Ctrl-C and `kill` stop the work between two steps. Disposing removes the signal handlers. */
export interface Interruption extends Disposable {
  readonly signal: AbortSignal;
  /** Returns the exit status for the received signal. Undefined before a signal. */
  exitCode(): number | undefined;
}

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** Calls `onFirst` at the first signal. A second signal exits the process at once; checkpoints stay intact. */
export function openInterruption(onFirst: () => void): Interruption {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const stop = (name: keyof typeof EXIT_CODES): void => {
    if (exitCode !== undefined) process.exit(exitCode);
    exitCode = EXIT_CODES[name];
    onFirst();
    controller.abort(new Error(`stopped by ${name}`));
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    [Symbol.dispose]() {
      process.off("SIGINT", stop).off("SIGTERM", stop);
    },
  };
}
