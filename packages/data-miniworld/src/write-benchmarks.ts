import { deriveSeed } from "@mlan/core";
import { ai2dImage } from "./ai2d.ts";
import { boolqRow } from "./boolq.ts";
import { gqaImage } from "./gqa.ts";
import type { GqaImageRow } from "./gqa-row.ts";
import { hellaswagRow, ROWS_PER_SOURCE } from "./hellaswag.ts";
import type { Settings } from "./miniworld-options.ts";
import { openbookqaRow } from "./openbookqa.ts";
import { pictureOf } from "./picture.ts";
import type { PicturedRows } from "./pictured-rows.ts";
import { popeImage } from "./pope.ts";
import { raceRow } from "./race.ts";
import { realworldqaImage } from "./realworldqa.ts";
import { scienceqaGroup } from "./scienceqa.ts";
import { upTo, writeJsonLines, writePictures } from "./world-files.ts";

/** Writes a folder for each benchmark, in the layout that its plugin reads. */
export async function writeBenchmarks(folder: URL, settings: Settings): Promise<void> {
  await writeLanguageBenchmarks(folder, settings);
  await writeVisionBenchmarks(folder, settings);
}

async function writeLanguageBenchmarks(folder: URL, settings: Settings): Promise<void> {
  const seedOf = (name: string): number => deriveSeed(settings.seed, name);
  const files = {
    "race/test.jsonl": upTo(settings.raceArticles).map((index) => raceRow(seedOf(`race ${index}`), index)),
    "openbookqa/test.jsonl": upTo(settings.openbookqaQuestions).map((index) =>
      openbookqaRow(seedOf(`openbookqa ${index}`), index),
    ),
    "boolq/validation.jsonl": upTo(settings.boolqQuestions).map((index) => boolqRow(seedOf(`boolq ${index}`), index)),
    "hellaswag/validation.jsonl": upTo(settings.hellaswagSources * ROWS_PER_SOURCE).map((index) =>
      hellaswagRow(seedOf(`hellaswag ${Math.floor(index / ROWS_PER_SOURCE)}`), index),
    ),
  };
  for (const [path, rows] of Object.entries(files)) await writeJsonLines(new URL(path, folder), rows);
}

async function writeVisionBenchmarks(folder: URL, settings: Settings): Promise<void> {
  const part = <Row>(
    name: string,
    images: number,
    make: (seed: number, index: number) => PicturedRows<Row>,
  ): readonly PicturedRows<Row>[] =>
    upTo(images).map((index) => make(deriveSeed(settings.seed, `${name} ${index}`), index));
  const gqa = part("gqa", settings.gqaImages, gqaImage);
  const parts = {
    realworldqa: part("realworldqa", settings.realworldqaImages, realworldqaImage),
    ai2d: part("ai2d", settings.ai2dImages, ai2dImage),
    pope: part("pope", settings.popeImages, popeImage),
    gqa,
    scienceqa: part("scienceqa", settings.scienceqaImages, scienceqaGroup),
  };
  for (const [name, images] of Object.entries(parts)) {
    const rows = images.flatMap((image): readonly unknown[] => image.rows);
    const table = name === "gqa" ? "testdev_balanced_instructions" : "test";
    await writeJsonLines(new URL(`${name}/${table}.jsonl`, folder), rows);
    await writePictures(
      new URL(`${name}/`, folder),
      images.map(({ image, scene }) => ({
        path: image,
        // POPE was the first picture benchmark: without the prefix, its pictures stay the same as in earlier versions.
        png: pictureOf(settings.seed, name === "pope" ? image : `${name} ${image}`, scene),
      })),
    );
  }
  const imageRows = gqa.map(({ image, rows }): GqaImageRow => ({ id: rows[0]?.imageId ?? image, image }));
  await writeJsonLines(new URL("gqa/testdev_balanced_images.jsonl", folder), imageRows);
}
