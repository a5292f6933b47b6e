import { readFile } from "node:fs/promises";
import { type Conversation, defineDataset, MlanError } from "@mlan/core";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const row = z.object({ id: z.string(), total: z.string().min(2), paid: z.array(z.int()) });
const receipts = (rows: () => unknown, toExample?: () => Conversation) =>
  defineDataset<z.output<typeof row>, Conversation>({
    name: "acme/receipts:train",
    rows: async () => z.array(row).parse(await rows()),
    toExample: toExample ?? (({ id }) => ({ id, turns: [], images: [] })),
  });
const sound = { id: "a", total: "3.50", paid: [1] };

describe("a dataset that code of its own reads names itself, row and field", () => {
  it.each<[string, unknown, string]>([
    ["a wrong kind", [sound, { ...sound, total: 3 }], 'row 1, field "total": expected text, found number.'],
    ["a missing field", [{ id: "a", paid: [] }], 'row 0, field "total": expected text, found nothing.'],
    ["a short text", [{ ...sound, total: "" }], 'row 0, field "total": expected text of at least 2 characters.'],
    ["a field within", [{ ...sound, paid: [1, "x"] }], 'row 0, field "paid.1": expected a number, found string.'],
    ["no row", [sound, "x"], "row 1: expected an object, found string."],
    ["no list", { rows: [] }, "expected a list, found object."],
  ])("%s", async (_, rows, problem) => {
    const error: unknown = await receipts(() => rows)
      .open()
      .catch((thrown: unknown) => thrown);
    expect(MlanError.is(error, "invalid-data") && error.message).toBe(
      `acme/receipts:train: ${problem} Correct or remove that row.`,
    );
  });

  it("what else its rows could not be read for", async () => {
    await expect(receipts(() => readFile("no/train.json")).open()).rejects.toThrow(
      "acme/receipts:train: its rows cannot be read (ENOENT: no such file or directory, open 'no/train.json').",
    );
    const nothing = defineDataset({ name: "mine", rows: () => Promise.resolve(JSON.parse("3")), toExample: () => 1 });
    await expect(nothing.open()).rejects.toThrow("mine: `rows` returned 3; return a list of rows.");
  });

  it("a row that no example can be made of", async () => {
    const broken = receipts(
      () => [sound],
      () => {
        throw new TypeError("x is undefined");
      },
    );
    await expect((await broken.open()).at(0)).rejects.toThrow(
      "acme/receipts:train: row 0 cannot be turned into an example (x is undefined). Correct or remove that row.",
    );
  });

  it("but leaves errors alone that say it already, and an end that was asked for", async () => {
    const own = new MlanError("unavailable", "the shop is closed");
    await expect(receipts(() => Promise.reject(own)).open()).rejects.toBe(own);
    const stopped = new DOMException("stopped", "AbortError");
    await expect(receipts(() => Promise.reject(stopped)).open()).rejects.toBe(stopped);
  });
});

describe("the rows of files that nobody type-checks", () => {
  const opened = (rows: unknown, options = {}): Promise<unknown> => {
    const definition = { name: "own", rows: () => Promise.resolve([]), toExample: (row: unknown) => row };
    Object.assign(definition, { rows });
    return defineDataset(definition).open(options);
  };

  it("may be the list itself, without a promise", async () => {
    await expect(opened(() => [1, 2])).resolves.toMatchObject({ length: 2 });
  });

  it("that throw at once are named like any other", async () => {
    const rows = (): never => {
      throw new TypeError("no such column");
    };
    await expect(opened(rows)).rejects.toThrow(/^own: its rows cannot be read \(no such column\)\.$/);
  });

  it("end with the reason of an aborted opening, whatever that is", async () => {
    const signal = AbortSignal.abort("enough");
    await expect(opened(async () => signal.throwIfAborted(), { signal })).rejects.toBe("enough");
  });
});
