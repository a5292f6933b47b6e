import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { concat, type Conversation, type Dataset, type DatasetCard, readRun, shuffle, stampOf, take } from "@mlan/core";
import { expect, test } from "vitest";
import { dataWithImage } from "./small-run.ts";
import { build, folder, letters, run, useScratchRuns } from "./scratch-run.ts";

useScratchRuns();

/** Returns the manifest's record of a stage's data. */
async function recordedIn(stage: string) {
  const { manifest } = await readRun(folder);
  return Object.values(manifest.stages[stage]?.data ?? {})[0];
}

test("a run records the cards of all datasets of a view, each once, and the examples with images", async () => {
  const picture = new URL("pictures/one two.png", folder);
  await mkdir(new URL("./", picture), { recursive: true });
  await writeFile(picture, "a picture");
  const file = fileURLToPath(picture);
  const image = {
    name: "one two.png",
    read: () => readFile(picture),
    find: async () => ({ stamp: await stampOf(picture), file }),
  };
  const scenes = dataWithImage("scenes", image);
  const data = shuffle(take(concat(letters, scenes, letters), 5), 1);
  await run(build({ data }));
  expect(await recordedIn("tune")).toMatchObject({
    examples: { count: 5, withImages: 1 },
    sources: [
      { name: "letters", card: letters.card },
      { name: "scenes", card: scenes.card },
    ],
    imageFolders: [new URL("pictures/", folder).href],
  });
  expect((await recordedIn("before"))?.sources).toMatchObject([{ name: "bench", card: { license: "CC0-1.0" } }]);
});

test("a card that is missing or wrong is left out, and the run can be read and continued", async () => {
  const odd: readonly unknown[] = [
    undefined,
    null,
    "CC0",
    { license: 1 },
    { source: "a", license: "b", modality: "smell" },
  ];
  for (const card of odd) {
    const data: Dataset<Conversation> = { ...letters, card: card as DatasetCard };
    await run(build({ data }), { fresh: true });
    expect(await recordedIn("tune")).toMatchObject({ examples: { count: 2, withImages: 0 }, sources: [] });
    expect((await run(build({ data }))).filter(({ type }) => type === "stage-end")).toMatchObject(
      Array.from({ length: 3 }, () => ({ skipped: true })),
    );
  }
});

test("a stage records the machine, and the command that started it", async () => {
  await run(build(), { command: "mlan run small.ts" });
  const { manifest } = await readRun(folder);
  for (const { machine, command } of Object.values(manifest.stages)) {
    expect(machine).toMatchObject({ platform: `${process.platform} ${process.arch}`, memory: expect.any(Number) });
    expect(machine).not.toHaveProperty("compute");
    expect(command).toBe("mlan run small.ts");
  }
});

test("a damaged run is read as far as it can be, if asked", async () => {
  await run();
  const whole = await readRun(folder);
  await writeFile(new URL("results.json", folder), "[{");
  await writeFile(new URL("ledger.json", folder), "7");
  const lines = await readFile(new URL("metrics.jsonl", folder), "utf8");
  await writeFile(new URL("metrics.jsonl", folder), `{"stage":"tune","step":1,"counts":null}\n${lines}`);
  await expect(readRun(folder)).rejects.toMatchObject({ code: "run-folder" });
  const read = await readRun(folder, { skipDamaged: true });
  expect(read).toMatchObject({ manifest: whole.manifest, metrics: whole.metrics, ledger: [], results: [] });
  expect(read.damage.map(({ file }) => file)).toEqual(["metrics.jsonl", "ledger.json", "results.json"]);
  expect(read.damage[0]?.problem).toMatch(/^line 1 of .* is not a training step/);
});
