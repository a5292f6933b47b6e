/** The text up to the first of the stop strings in it; all of it when there is none. */
export function beforeStop(text: string, stop: readonly string[]): string {
  const places = stop.map((end) => text.indexOf(end)).filter((place) => place >= 0);
  return text.slice(0, Math.min(text.length, ...places));
}
