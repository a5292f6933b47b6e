import { cp, readFile, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { MlanError, writeChecksums } from "@mlan/core";
import { memoryDataset, temporaryFolder } from "@mlan/testing";
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { letters, RECIPE, train, type Training } from "./run-training.ts";

const RUN = { recipe: { ...RECIPE, epochs: 5, checkpointEvery: 1 }, data: memoryDataset("few letters", letters(8)) };

let root: URL;
let straight: Training;
/**
 * The folder of a copy of a stage that was stopped in its last step, step 5. It has the checkpoints of steps 3 and 4.
 */
let folder: URL;
let copies = 0;
beforeAll(async () => {
  root = temporaryFolder();
  straight = await train({ ...RUN, folder: new URL("straight/", root) });
  await train({ ...RUN, folder: new URL("stopped/", root), killAt: 5 });
});
beforeEach(async () => {
  folder = await copyOfStopped();
});

async function copyOfStopped(): Promise<URL> {
  const copy = new URL(`copy-${copies++}/`, root);
  await cp(new URL("stopped/", root), copy, { recursive: true });
  return copy;
}

const newest = (path: string): URL => new URL(`step-000004/${path}`, folder);

async function resumeError(): Promise<MlanError> {
  const error: unknown = await train({ ...RUN, folder }).catch((thrown: unknown) => thrown);
  if (MlanError.is(error)) return error;
  throw new Error(`It went on: ${String(error)}`);
}

async function editJson(file: URL, change: (value: Record<string, unknown>) => unknown): Promise<void> {
  await writeFile(file, JSON.stringify(change(JSON.parse(await readFile(file, "utf8")))));
}

const FILES = [
  "checksums.json",
  "optimizer.safetensors",
  "steps.jsonl",
  "trainer-state.json",
  "model/checksums.json",
  "model/fake-model.json",
] as const;

describe("a checkpoint", () => {
  it("stores the steps so far, so that a resumed training reports the same steps as an uninterrupted one", async () => {
    const resumed = await train({ ...RUN, folder });
    const start = resumed.events[0];
    if (start?.type !== "train-start") throw new Error("No start.");
    const steps = [...(start.history ?? []), ...resumed.steps];
    const withoutTime = (all: readonly object[]): unknown => all.map((one) => ({ ...one, seconds: 0 }));
    expect(start).toMatchObject({ stepsDone: 4, warnings: [] });
    expect(withoutTime(steps)).toEqual(withoutTime(straight.steps));
    expect(resumed.weights).toEqual(straight.weights);
  });

  it.each(FILES)("with another bit in %s is refused, naming it and the remedy", async (name) => {
    const bytes = await readFile(newest(name));
    bytes[bytes.length - 40] = (bytes[bytes.length - 40] ?? 0) ^ 1;
    await writeFile(newest(name), bytes);
    const error = await resumeError();
    expect(error.code).toBe("run-folder");
    // A changed digit of a checksum is reported for the file that it belongs to.
    if (!name.endsWith("checksums.json")) expect(error.message).toContain(name);
    expect(error.message).toMatch(/step-000004\/ is damaged: .*remove that folder to resume from step 3\.$/);
    await rm(newest(""), { recursive: true });
    expect((await train({ ...RUN, folder })).weights).toEqual(straight.weights);
  });

  it.each(FILES)("without %s is refused", async (name) => {
    await rm(newest(name));
    const error = await resumeError();
    expect(error.code).toBe("run-folder");
    expect(error.message).toMatch(new RegExp(`${name}.* is missing\\..*resume from step 3`));
  });

  it("that is the only one is refused with the remedy", async () => {
    await rm(new URL("step-000003/", folder), { recursive: true });
    await truncate(newest("steps.jsonl"), 10);
    expect((await resumeError()).message).toMatch(/remove that folder to start this stage over\.$/);
  });

  it("whose files may not be read is refused, and not passed over", async () => {
    await rm(newest("trainer-state.json"));
    await symlink("trainer-state.json", newest("trainer-state.json"));
    await rm(newest("checksums.json"));
    const error = await resumeError();
    expect(error.code).toBe("unavailable");
    expect(error.message).toMatch(/trainer-state\.json cannot be read: ELOOP/);
  });

  it("that was being removed by a killed process is gone", async () => {
    await rename(new URL("step-000003/", folder), new URL("step-000003.old.tmp/", folder));
    expect((await train({ ...RUN, folder })).events[0]).toMatchObject({ stepsDone: 4 });
  });

  it.each<[string, string, (value: Record<string, unknown>) => unknown, RegExp]>([
    [
      "a step of another type",
      "trainer-state.json",
      (state) => ({ ...state, step: "4" }),
      /not a trainer state: key "step": expected a number, found "4"\./,
    ],
    [
      "a step below 1",
      "trainer-state.json",
      (state) => ({ ...state, step: 0 }),
      /key "step": expected a number of at least 1, found 0/,
    ],
    [
      "a field too many",
      "trainer-state.json",
      (state) => ({ ...state, lucky: 1 }),
      /not a trainer state: unknown key "lucky"/,
    ],
    [
      "no dependencies",
      "trainer-state.json",
      (state) => ({ ...state, depends: undefined }),
      /key "depends": expected an object, found nothing/,
    ],
    ["a list", "trainer-state.json", () => [], /not a trainer state/],
    ["another step", "trainer-state.json", (state) => ({ ...state, step: 5 }), /step was 5, now it is 4/],
    ["another number of steps", "trainer-state.json", (state) => ({ ...state, steps: 9 }), /steps was 9, now it is 5/],
    ["another epoch", "trainer-state.json", (state) => ({ ...state, epoch: 3 }), /epoch was 3, now it is 4/],
    ["another place", "trainer-state.json", (state) => ({ ...state, cursor: 8 }), /cursor was 8, now it is 0/],
    [
      "another seed",
      "trainer-state.json",
      (state) => ({ ...state, depends: { ...Object(state["depends"]), seed: 8 } }),
      /checkpoint of a different run:\s+seed was 8, now it is 7/,
    ],
    ["another step in its history", "steps.jsonl", (step) => ({ ...step, step: 2 }), /steps\.jsonl is not the list/],
  ])("with %s is refused even where its checksums say so", async (_title, name, change, message) => {
    if (name === "steps.jsonl") {
      const [first = "", ...rest] = (await readFile(newest(name), "utf8")).split("\n");
      await writeFile(newest(name), [JSON.stringify(change(JSON.parse(first))), ...rest].join("\n"));
    } else await editJson(newest(name), change);
    await writeChecksums(newest(""));
    const error = await resumeError();
    expect(error.code).toBe("run-folder");
    expect(error.message).toMatch(message);
  });

  it("of a step under the name of another is refused", async () => {
    await rm(newest(""), { recursive: true });
    await rename(new URL("step-000003/", folder), newest(""));
    expect((await resumeError()).message).toMatch(/is not the checkpoint of step 4: step was 3, now it is 4/);
  });

  it("with optimizer moments of another shape is refused", async () => {
    const file = newest("optimizer.safetensors");
    const bytes = await readFile(file, "latin1");
    await writeFile(file, bytes.replaceAll('"shape":[2,3]', '"shape":[3,2]'), "latin1");
    await writeChecksums(newest(""));
    expect((await resumeError()).message).toMatch(
      /In the optimizer, "projector\.first_moment" is F32 \[3, 2\] instead of F32 \[2, 3\]/,
    );
  });

  it.each([
    ["strict", { lossWeighting: "position", groupLengths: "absolute", answerSpans: "turns" }],
    ["paper", {}],
  ] as const)("whose recipe has the earlier field protocol, %s, is one of what that meant", async (protocol, meant) => {
    await editJson(newest("trainer-state.json"), (state) => {
      const depends = Object(state["depends"]);
      return { ...state, depends: { ...depends, recipe: { ...depends.recipe, protocol } } };
    });
    await writeChecksums(newest(""));
    const resumed = await train({ ...RUN, recipe: { ...RUN.recipe, ...meant }, folder });
    expect(resumed.events[0]).toMatchObject({ stepsDone: 4, warnings: [] });
  });

  it("of the earlier format, without checksums, is read with a warning", async () => {
    await editJson(newest("trainer-state.json"), (state) => ({ ...state, formatVersion: 1 }));
    for (const name of ["checksums.json", "steps.jsonl", "model/checksums.json"]) await rm(newest(name));
    const resumed = await train({ ...RUN, folder });
    expect(resumed.events[0]).toMatchObject({ stepsDone: 4, warnings: [expect.stringMatching(/without checksums/)] });
    expect(resumed.events[0]).not.toHaveProperty("history");
    expect(resumed.weights).toEqual(straight.weights);
    // The next checkpoint has checksums, and the steps since then.
    const again = await train({ ...RUN, folder });
    expect(again.events[0]).toMatchObject({ stepsDone: 5, warnings: [] });
    expect(again.weights).toEqual(straight.weights);
  });
});

describe("whatever happens to a checkpoint", () => {
  const name = fc.constantFrom(...FILES);
  const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const value = fc.oneof(
    fc.constantFrom(null, "", [], {}, true, -1, 1e300, "../../x"),
    fc.integer({ min: 0, max: 9 }),
    fc.string({ maxLength: 5 }),
  );
  type Damage = (() => Promise<void>) & { readonly title: string };
  const damage = (title: string, run: () => Promise<void>): Damage => Object.assign(run, { title });
  const damages: fc.Arbitrary<Damage> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .tuple(name, place, fc.nat(7))
        .map(([file, where, bit]) => damage(`bit ${bit} at ${where} of ${file}`, () => flip(file, where, bit))),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(name, place)
        .map(([file, where]) =>
          damage(`${file} cut at ${where}`, async () =>
            truncate(newest(file), Math.floor(where * (await readFile(newest(file))).length)),
          ),
        ),
    },
    { weight: 1, arbitrary: name.map((file) => damage(`no ${file}`, () => rm(newest(file)))) },
    {
      weight: 1,
      arbitrary: name.map((file) =>
        damage(`${file} of step 3`, () => cp(new URL(`step-000003/${file}`, folder), newest(file))),
      ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(name, name)
        .map(([file, other]) => damage(`${file} for ${other}`, () => writeOver(file, other))),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(name, fc.nat(), value)
        .map(([file, key, changed]) =>
          damage(`value ${key} of ${file} is ${JSON.stringify(changed)}`, () => editValue(file, key, changed)),
        ),
    },
  );

  async function flip(file: string, where: number, bit: number): Promise<void> {
    const bytes = await readFile(newest(file));
    const index = Math.floor(where * bytes.length);
    bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
    await writeFile(newest(file), bytes);
  }

  async function writeOver(file: string, other: string): Promise<void> {
    await writeFile(newest(other), await readFile(newest(file)));
  }

  /** Replaces one value of a JSON file, or JSON line, by `changed`. */
  async function editValue(file: string, key: number, changed: unknown): Promise<void> {
    const text = await readFile(newest(file), "utf8");
    const values = [...text.matchAll(/(?<=: ?|[[,])(?:"[^"\n]*"|-?[\d.e+-]+|true|false|null)(?=\s*[,\]}])/g)];
    const found = values[key % Math.max(1, values.length)];
    if (!found) return;
    const edited = `${text.slice(0, found.index)}${JSON.stringify(changed)}${text.slice(found.index + found[0].length)}`;
    await writeFile(newest(file), edited);
  }

  it("training ends with the same bits, or says what is wrong", async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(damages, async (harm) => {
        folder = await copyOfStopped();
        await harm();
        const result: unknown = await train({ ...RUN, folder }).catch((error: unknown) => error);
        await rm(folder, { recursive: true });
        if (MlanError.is(result)) {
          refused++;
          expect(["run-folder", "unavailable"]).toContain(result.code);
          expect(result.message).toMatch(/step-000004/);
          return;
        }
        expect(result, harm.title).toMatchObject({ weights: straight.weights });
        const { events, steps } = result as Training;
        const [start] = events;
        const done = (start?.type === "train-start" && start.history) || [];
        expect([...done, ...steps].map(({ loss }) => loss)).toEqual(straight.steps.map(({ loss }) => loss));
      }),
      { numRuns: 300, seed: 11 },
    );
    // Some changes are harmless: an equal value, or whitespace.
    expect(refused).toBeGreaterThan(220);
  }, 120_000);
});
