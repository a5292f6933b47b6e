/** Returns the process's memory outside the JavaScript heap, whose garbage varies. */
export function nativeBytes(): number {
  const { rss, heapTotal } = process.memoryUsage();
  return rss - heapTotal;
}
