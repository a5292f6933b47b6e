/** Where the first value is that is NaN or infinite; -1 when all are finite. */
export function firstNotFinite(values: Float32Array): number {
  // No branch per value: only what is not finite gives something else than 0 when it is multiplied by 0.
  let zeros = 0;
  for (let index = 0; index < values.length; index++) zeros += (values[index] ?? 0) * 0;
  return zeros === 0 ? -1 : values.findIndex((value) => !Number.isFinite(value));
}
