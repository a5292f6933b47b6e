import { quantize } from "@mlan/fused-ops";
import { describe, expect, it } from "vitest";

const [ROWS, COLUMNS] = [12, 150];

/** Values with a spread like that of trained weights. */
const values = Float32Array.from({ length: ROWS * COLUMNS }, (_, index) => 0.1 * Math.sin(index * index * 0.37));

/** Returns the value of each code, without codes beyond the last column. */
function valuesOf({ codes, scales, bits, blockSize }: ReturnType<typeof quantize>): Float32Array {
  const blocks = Math.ceil(COLUMNS / blockSize);
  return Float32Array.from({ length: ROWS * COLUMNS }, (_, index) => {
    const [row, column] = [Math.floor(index / COLUMNS), index % COLUMNS];
    const block = row * blocks + Math.floor(column / blockSize);
    const place = block * blockSize + (column % blockSize);
    const code = bits === 8 ? codes[place]! : (codes[place >> 1]! >> (place & 1 ? 4 : 0)) & 15;
    return (code - 2 ** (bits - 1)) * scales[block]!;
  });
}

function relativeError(found: Float32Array): number {
  const squares = (all: Float32Array): number => all.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(squares(found.map((value, index) => value - values[index]!)) / squares(values));
}

describe("quantize", () => {
  it("changes no value by more than half a scale with 8 bits", () => {
    const quantized = quantize(values, [ROWS, COLUMNS], { blockSize: 32 });
    const found = valuesOf(quantized);
    const largest = Math.max(...quantized.scales);
    for (const [index, value] of found.entries())
      expect(Math.abs(value - values[index]!)).toBeLessThanOrEqual(0.5001 * largest);
  });

  it("loses less with 4 bits than the largest value's scale alone, and less in smaller blocks", () => {
    const errors = [16, 32, 64].map((blockSize) =>
      relativeError(valuesOf(quantize(values, [ROWS, COLUMNS], { bits: 4, blockSize }))),
    );
    // With the scale that maps the largest value to the largest code: 0.0639, 0.0670 and 0.0679.
    expect(errors[0]).toBeLessThan(0.0605);
    expect(errors[1]).toBeLessThan(0.064);
    expect(errors[2]).toBeLessThan(0.0651);
    expect(errors).toEqual(errors.toSorted((one, other) => one - other));
  });

  it("keeps zeros, and codes beyond the last column mean 0", () => {
    const { codes, scales } = quantize(new Float32Array(ROWS * COLUMNS), [ROWS, COLUMNS], { bits: 4, blockSize: 64 });
    expect(scales.every((scale) => scale === 0)).toBe(true);
    expect(codes.every((code) => code === 0x88)).toBe(true);
    const odd = quantize(Float32Array.of(1, 2, 3), [1, 3], { bits: 4, blockSize: 16 });
    expect([...odd.codes.subarray(1)]).toEqual([0x80, ...Array.from({ length: 6 }, () => 0x88)]);
  });

  it.each([NaN, Infinity, -Infinity])("refuses %s", (value) => {
    for (const bits of [4, 8] as const)
      expect(() => quantize(values.with(77, value), [ROWS, COLUMNS], { bits })).toThrow(
        `fused-ops: a matrix to quantize holds ${value}. Check the weights.`,
      );
  });
});
