/** Returns the index of the first value that is NaN or infinite, or -1 when all are finite. */
export function firstNotFinite(values: Float32Array): number {
  // Faster than a branch per value: a value minus itself is 0 if and only if the value is finite.
  let zeros = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? 0;
    zeros += value - value;
  }
  return zeros === 0 ? -1 : values.findIndex((value) => !Number.isFinite(value));
}
