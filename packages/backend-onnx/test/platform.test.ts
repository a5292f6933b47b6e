import { BackendError, useOnnxBackend } from "@mlan/backend-onnx";
import { expect, test } from "vitest";

test("a platform without a library is refused by name, and nothing stays broken", async () => {
  const { arch } = process;
  Object.defineProperty(process, "arch", { value: "s390x" });
  try {
    const error: unknown = await useOnnxBackend().catch((caught: unknown) => caught);
    expect(BackendError.is(error, "library")).toBe(true);
    expect(String(error)).toMatch(/no library for \w+-s390x, only for linux-x64,/);
  } finally {
    Object.defineProperty(process, "arch", { value: arch });
  }
  await useOnnxBackend();
});
