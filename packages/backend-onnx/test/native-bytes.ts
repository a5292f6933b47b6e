/** The process's memory outside the JavaScript heap, whose garbage comes and goes. */
export function nativeBytes(): number {
  const { rss, heapTotal } = process.memoryUsage();
  return rss - heapTotal;
}
