import koffi from "koffi";

/** Calls `use` with keys and values as arrays of native strings. The addresses are valid only during the call. */
export function withNativeStrings(
  entries: Readonly<Record<string, string>>,
  use: (keys: BigUint64Array, values: BigUint64Array, count: number) => void,
): void {
  // The addresses point into these buffers.
  const texts: Buffer[] = [];
  const address = (text: string): bigint => {
    const native = Buffer.from(`${text}\0`, "utf8");
    texts.push(native);
    return koffi.address(native);
  };
  const keys = BigUint64Array.from(Object.keys(entries), address);
  const values = BigUint64Array.from(Object.values(entries), address);
  use(keys, values, keys.length);
  texts.length = 0;
}
