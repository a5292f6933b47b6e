/** What stands before the earliest occurrence of any stop string; all of `text` when there is none. */
export function cutAtStop(text: string, stop: readonly string[]): string {
  const starts = stop.map((one) => text.indexOf(one)).filter((start) => start >= 0);
  return text.slice(0, Math.min(text.length, ...starts));
}
