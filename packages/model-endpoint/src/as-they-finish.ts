/**
 * Runs at most `limit` calls at a time, and yields their results in the order in which they finish. When a call fails
 * or the consumer stops, the signal aborts all other calls.
 */
export async function* asTheyFinish<Item, Result>(
  items: readonly Item[],
  limit: number,
  outer: AbortSignal | undefined,
  run: (item: Item, signal: AbortSignal) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const left = new AbortController();
  const signal = outer ? AbortSignal.any([outer, left.signal]) : left.signal;
  /** Returns a separate signal for each call, because Node.js warns about many listeners on one signal. */
  const ownSignal = (): AbortSignal => AbortSignal.any([signal]);
  const running = new Map<number, Promise<readonly [place: number, result: Result]>>();
  let next = 0;
  try {
    while (next < items.length || running.size > 0) {
      outer?.throwIfAborted();
      for (const item of items.slice(next, next + limit - running.size)) {
        const place = next++;
        running.set(
          place,
          run(item, ownSignal()).then((result) => [place, result] as const),
        );
      }
      const [place, result] = await Promise.race(running.values());
      running.delete(place);
      yield result;
    }
  } finally {
    left.abort(new Error("The answers are no longer needed."));
    await Promise.allSettled(running.values());
  }
}
