import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSession } from "./command-line.ts";

const mlan = openSession();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mlan-memory-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The numbers of each row of the table by its key columns; joins the parts of a table that was split. */
function totalsOf(stdout: string): ReadonlyMap<string, readonly string[]> {
  const rows = new Map<string, readonly string[]>();
  for (const line of stdout.split("\n")) {
    const [, key, cells] =
      /^((?:language, |adapter, )?projector +(?:float32|bfloat16) +(?:yes|no)) +(.*)$/.exec(line) ?? [];
    if (key && cells)
      rows.set(key.replaceAll(/ +/g, " "), [...(rows.get(key.replaceAll(/ +/g, " ")) ?? []), ...cells.split(/ +/)]);
  }
  return rows;
}

describe("mlan memory", () => {
  test("shows which parts of Llama 2 7B can be trained on a card of 80 GB", async () => {
    const { status, stdout, stderr } = await mlan(["memory"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/in GB \(10\^9 bytes\).*32 layers, hidden size 4,096, vocabulary 32,000/);
    const rows = totalsOf(stdout);
    expect(rows.size).toBe(12);
    for (const cells of rows.values()) {
      const numbers = cells.slice(0, -1).map(Number);
      const total = numbers.at(-1) ?? NaN;
      expect(numbers.slice(0, -1).reduce((sum, value) => sum + value, 0)).toBeCloseTo(total, 0);
      expect(cells.at(-1)).toBe(total <= 76 ? "yes" : "no");
    }
    // Weights: 7.06 billion parameters with the tower and the projector.
    expect(rows.get("projector bfloat16 yes")?.[0]).toBe("14.13");
    expect(rows.get("projector bfloat16 yes")?.at(-1)).toBe("yes");
    expect(rows.get("language, projector bfloat16 yes")?.at(-1)).toBe("no");
    // An adapter of rank 128 has 320 million parameters, with moments of 8 bytes, like those of the projector.
    expect(rows.get("adapter, projector bfloat16 yes")?.[3]).toBe("2.73");
    expect(rows.get("adapter, projector bfloat16 yes")?.at(-1)).toBe("yes");
  });

  test("reads the sizes of a checkpoint, and knows what is too large for a small card", async () => {
    const config = {
      model_type: "llama",
      vocab_size: 32_000,
      hidden_size: 2048,
      intermediate_size: 5632,
      num_hidden_layers: 22,
      num_attention_heads: 32,
      num_key_value_heads: 4,
      rms_norm_eps: 1e-5,
      max_position_embeddings: 2048,
    };
    await writeFile(join(folder, "config.json"), JSON.stringify(config));
    const words = ["memory", "--config", "config.json", "--length", "1024", "--memory", "16", "--micro-batches", "2"];
    const { status, stdout, stderr } = await mlan(words, folder);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("22 layers, hidden size 2,048");
    expect(stdout).toContain(
      "Micro-batches per step: 2; conversations in each: 1, of at most 1,024 tokens, with 1 image in total",
    );
    const rows = totalsOf(stdout);
    expect(rows.get("projector bfloat16 no")?.at(-1)).toBe("yes");
    expect(rows.get("language, projector float32 no")?.at(-1)).toBe("no");
  });

  test("shows what an adapter on weights in fewer bits and narrow moments need", async () => {
    const words = ["memory", "--weight-format", "int4", "--moment-precision", "bfloat16", "--memory", "24"];
    const { status, stdout, stderr } = await mlan(words);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain(
      "Frozen weights of the language model: int4 (only on the onnx backend)\nAdamW's moments: bfloat16\n",
    );
    const rows = totalsOf(stdout);
    expect([...rows.keys()]).toEqual([
      "projector float32 no",
      "projector float32 yes",
      "adapter, projector float32 no",
      "adapter, projector float32 yes",
    ]);
    const cells = rows.get("adapter, projector float32 yes");
    // About 4.5 bits per parameter of the language model, and 4 bytes per parameter that learns.
    expect(Number(cells?.[0])).toBeLessThan(7);
    expect(cells?.[3]).toBe("1.36");
    // onnx keeps 4 bytes from step to step for the gradient of each parameter that learns.
    expect(rows.get("adapter, projector float32 no")?.[2]).toBe("1.36");
    expect(cells?.at(-1)).toBe("yes");
  });

  test.each([
    ["a precision that does not exist", ["--moment-precision", "int4"], /--moment-precision.*float32, bfloat16, int8/],
    ["a rank above that of a matrix", ["--adapter-rank", "5000"], /rank 5000 is larger than/],
    [
      "more images than a row holds",
      ["--images", "4"],
      /positions of images leave none for text; raise `length` or `rows`/,
    ],
    ["a card without memory", ["--memory", "none"], /--memory.*must be a number of gigabytes/],
    ["no rows", ["--rows", "0"], /--rows.*must be a whole number, 1 or more/],
    ["a file that is not there", ["--config", "nowhere/config.json"], /nowhere\/config\.json cannot be read/],
  ])("refuses %s with one clear message", async (_, words, message) => {
    const { status, stdout, stderr } = await mlan(["memory", ...words], folder);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(message);
  });

  test("teaches by example", async () => {
    const { stdout } = await mlan(["memory", "--help"]);
    expect(stdout).toMatch(/Usage: mlan memory[\s\S]*--micro-batches <number>[\s\S]*without loading anything/);
  });
});
