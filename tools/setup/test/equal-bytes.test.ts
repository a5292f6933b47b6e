import { describe, expect, it } from "vitest";

describe("typed arrays in tests", () => {
  it("are equal when type and bytes are, also views of a part of a buffer", () => {
    expect(Float32Array.of(1, NaN, -0)).toEqual(Float32Array.of(1, NaN, -0));
    expect({ ids: [Int32Array.of(0, 1, 2).subarray(1)] }).toStrictEqual({ ids: [Int32Array.of(1, 2)] });
    expect(new Float64Array(0)).toEqual(new Float64Array(0));
  });

  it("differ in any number, in the sign of zero, in length and in type", () => {
    expect(Float32Array.of(1, 2)).not.toEqual(Float32Array.of(1, 3));
    expect(Float32Array.of(0)).not.toEqual(Float32Array.of(-0));
    expect(Uint8Array.of(1)).not.toEqual(Uint8Array.of(1, 0));
    expect(Int32Array.of(1)).not.toEqual(Uint32Array.of(1));
    expect({ ids: [Int32Array.of(1)] }).not.toStrictEqual({ ids: [Int32Array.of(2)] });
  });

  it("are equal when only the bytes of their NaN differ, as vitest compares them", () => {
    const quiet = new Float32Array(Uint32Array.of(0x7fc00000).buffer);
    const other = new Float32Array(Uint32Array.of(0x7fc00001).buffer);
    expect(quiet).toEqual(other);
  });
});
