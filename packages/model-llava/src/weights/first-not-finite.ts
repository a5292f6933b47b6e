/** Index of the first value that is NaN or infinite; -1 when all are finite. */
export function firstNotFinite(values: Float32Array): number {
  // A branch per value would take twice as long. A value minus itself is 0 if and only if it is finite.
  let zeros = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? 0;
    zeros += value - value;
  }
  return zeros === 0 ? -1 : values.findIndex((value) => !Number.isFinite(value));
}
