import { conversationsFrom, localFolder } from "@mlan/data-kit";
import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { temporaryFolder } from "@mlan/testing";
import { expect, test } from "vitest";

const ROWS = 8000;
const BYTES_PER_ROW = 4096;

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

test.each(["rows.json", "rows.jsonl"])("keeps none of the rows of %s in memory", async (name) => {
  const file = new URL(name, temporaryFolder());
  await writeRows(file, name === "rows.json");
  const before = usedBytes();
  const examples = await conversationsFrom({
    name: "large",
    source: localFolder("large", file),
    files: [name],
  }).open();
  expect(examples.length).toBe(ROWS);
  // The file has 32 MiB, and two bytes of memory for each of its characters when it is parsed.
  expect(usedBytes() - before).toBeLessThan(6 * 2 ** 20);
  for (const index of [ROWS - 1, 0, 17, 18, 4000, 16]) {
    const { id, turns } = await examples.at(index);
    expect(id).toBe(`row-${index}`);
    expect(turns[1]?.text).toBe(answerOf(index));
  }
  expect(usedBytes() - before).toBeLessThan(6 * 2 ** 20);
});

async function writeRows(file: URL, array: boolean): Promise<void> {
  const stream = createWriteStream(file);
  for (let index = 0; index < ROWS; index++) {
    const conversations = [
      { from: "human", value: `Question ${index}?` },
      { from: "gpt", value: answerOf(index) },
    ];
    const row = JSON.stringify({ id: `row-${index}`, conversations }, undefined, array ? 1 : 0);
    const [begin, end] = array ? [index === 0 ? "[" : ",\n", index === ROWS - 1 ? "]" : ""] : ["", "\n"];
    if (!stream.write(begin + row + end)) await once(stream, "drain");
  }
  stream.end();
  await once(stream, "finish");
}

/** Returns a text of about 4 KiB that differs in every row. Its letters take two bytes each. */
function answerOf(index: number): string {
  return `${index} é "{[\\`.repeat(BYTES_PER_ROW / 2).slice(0, BYTES_PER_ROW / 2) + "é".repeat(BYTES_PER_ROW / 4);
}

/** Bytes of JavaScript's heap and of buffers outside it. */
function usedBytes(): number {
  // Garbage that a collection finds is counted until the next collection.
  collectGarbage();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
