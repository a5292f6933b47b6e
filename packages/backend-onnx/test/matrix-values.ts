/** Returns values with a spread like that of trained weights, the same for the same `seed`. */
export function values(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => 0.1 * Math.sin(index * index * 0.37 + seed));
}

/** Returns the upper 16 bits of each value. */
export function bfloat16(numbers: Float32Array): Uint8Array {
  const halves = new Uint16Array(numbers.slice().buffer).filter((_, index) => index % 2 === 1);
  return new Uint8Array(halves.buffer);
}
