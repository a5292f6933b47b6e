import { bytesText } from "#internal/files/bytes-text.ts";
import { expect, it } from "vitest";

// prettier-ignore
it.each([
  [0,          "0.00 kB"],
  [640,        "0.64 kB"],
  [20_480,     "20 kB"],
  [1_500_000,  "1.50 MB"],
  [999_000_000, "999 MB"],
  [1.25e9,     "1.25 GB"],
  [1e18,       "1000000000 GB"],
])("%d bytes are %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});
