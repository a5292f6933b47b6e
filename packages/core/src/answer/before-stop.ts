/** Returns the text before the first stop string, or the whole text when it contains none. */
export function beforeStop(text: string, stop: readonly string[]): string {
  const places = stop.map((end) => text.indexOf(end)).filter((place) => place >= 0);
  return text.slice(0, Math.min(text.length, ...places));
}
