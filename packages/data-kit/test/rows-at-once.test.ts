import { existsSync, readFileSync } from "node:fs";
import { conversationsFrom, localFolder } from "@mlan/data-kit";
import { folderWith } from "@mlan/testing";
import { expect, test } from "vitest";

const ROWS = 1000;

test.skipIf(!existsSync("/proc/self/io"))("rows that are asked for at once are read from the disk once", async () => {
  const rows = Array.from({ length: ROWS }, (_, index) => {
    const conversations = [
      { from: "human", value: `Question ${index}?` },
      { from: "gpt", value: "yes ".repeat(250) },
    ];
    return JSON.stringify({ id: `row-${index}`, conversations });
  });
  const text = rows.join("\n");
  const folder = await folderWith({ "rows.jsonl": text });
  const examples = await conversationsFrom({
    name: "rows",
    source: localFolder("rows", folder),
    files: ["rows.jsonl"],
  }).open();
  const before = bytesRead();
  const read = await Promise.all(Array.from({ length: ROWS }, (_, index) => examples.at(index)));
  // Ahead by a mebibyte at most.
  expect(bytesRead() - before).toBeLessThan(3 * text.length + 2 ** 20);
  expect(read.map(({ id }) => id)).toEqual(Array.from({ length: ROWS }, (_, index) => `row-${index}`));
});

/** Number of bytes that this process has read, from files and anything else. */
function bytesRead(): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);
}
