import koffi from "koffi";
import { expect, test } from "vitest";
import { returnLargeBlocks } from "../src/memory/c-heap.ts";

const isGlibc = process.platform === "linux" && "glibcVersionRuntime" in Object(process.report.getReport()).header;

test.runIf(isGlibc)("the heap returns large blocks at once, and keeps some free memory at its end", () => {
  const library = koffi.load("libc.so.6");
  const counts = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split(" ");
  const type = koffi.struct("mallinfo2", Object.fromEntries(counts.map((count) => [count, "size_t"])));
  const information = library.func("mallinfo2", type, []);
  const allocate = library.func("void* malloc(size_t)");
  const free = library.func("void free(void*)");
  const setOption = library.func("int mallopt(int, int)");
  const freeAtEnd = (): number => {
    const blocks = Array.from({ length: 40 }, () => allocate(2 ** 18));
    for (const block of blocks) free(block);
    return Number(information().keepcost);
  };

  // What a user has set stays: here 128 KB, the default.
  setOption(-1, 2 ** 17);
  returnLargeBlocks({ MALLOC_TRIM_THRESHOLD_: "131072" });
  expect(freeAtEnd()).toBeLessThan(1e6);
  returnLargeBlocks({ GLIBC_TUNABLES: "glibc.malloc.trim_threshold=131072" });
  expect(freeAtEnd()).toBeLessThan(1e6);
  returnLargeBlocks({});
  // Of 10 MB.
  expect(freeAtEnd()).toBeGreaterThan(4e6);
  expect(freeAtEnd()).toBeLessThan(20e6);

  const { hblks } = information();
  const large = [2 ** 25, 2 ** 25].map((size) => allocate(size));
  expect(information().hblks).toBe(hblks + 2);
  for (const block of large) free(block);
  // Freed blocks of this size would stay in the heap from now on, if their limit were not fixed.
  const again = allocate(2 ** 25);
  expect(information().hblks).toBe(hblks + 1);
  free(again);
});
