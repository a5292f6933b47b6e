import { readFile } from "node:fs/promises";
import { deriveSeed, MlanError, seededRandom, writeFolderAtomically } from "@mlan/core";
import { z } from "zod";
import { boolqRow } from "./boolq.ts";
import { captionItem } from "./captions.ts";
import { drawPicture } from "./picture.ts";
import { popeImage } from "./pope.ts";
import type { Scene } from "./scene.ts";
import { languageItem, type TuningItem, visionItem } from "./tuning.ts";
import { writeJson, writeJsonLines, writePictures } from "./world-files.ts";

export interface MiniworldOptions {
  /** Decides every word and pixel. Default 0. */
  readonly seed?: number;
  /** BoolQ questions, one per passage. Default 300. */
  readonly boolqQuestions?: number;
  /** POPE images, four questions on each. Default 75. */
  readonly popeImages?: number;
  /** Pairs of image and caption. Default 3,200. */
  readonly captions?: number;
  /** Records of each tuning mixture. Default 3,200. */
  readonly instructions?: number;
  /** Share of the second mixture's records that have an image. Default 0.125, as in the paper's MLAN_v. */
  readonly visionShare?: number;
}

/** Where the parts of a written world lie. Folders end in a slash. */
export interface Miniworld {
  readonly folder: URL;
  /** `validation.jsonl` in the schema of google/boolq. */
  readonly boolq: URL;
  /** `test.jsonl` in the schema of lmms-lab/POPE, with `images/`. */
  readonly pope: URL;
  /** `captions.json` in the format of liuhaotian/LLaVA-Pretrain, with `images/`. */
  readonly captions: URL;
  /** `MLAN_mini.json` (language only) and `MLAN_v_mini.json` in LLaVA's tuning format, with `images/`. */
  readonly mlan: URL;
}

/** Raised whenever the same options would give other files. */
const VERSION = 2;
const STAMP = "miniworld.json";

/**
 * Writes the world's data into `folder`, in one step; a folder that already holds the same world is left alone.
 * Throws `invalid-options` for options that do not exist, `unavailable` when the folder cannot be written.
 */
export async function writeMiniworld(folder: URL, options: MiniworldOptions = {}): Promise<Miniworld> {
  const settings = check(options);
  const root = folder.href.endsWith("/") ? folder : new URL(`${folder.href}/`);
  const stamp = JSON.stringify({ version: VERSION, ...settings });
  if ((await readStamp(root)) !== stamp) {
    await writeFolderAtomically(root, async (temporary) => {
      await writeBenchmarks(temporary, settings);
      await writeCaptions(new URL("captions/", temporary), settings);
      await writeMixtures(new URL("mlan/", temporary), settings);
      await writeJson(new URL(STAMP, temporary), JSON.parse(stamp));
    });
  }
  const part = (name: string): URL => new URL(`${name}/`, root);
  return { folder: root, boolq: part("boolq"), pope: part("pope"), captions: part("captions"), mlan: part("mlan") };
}

type Settings = Required<MiniworldOptions>;

const count = (value: number): z.ZodDefault<z.ZodInt> => z.int().nonnegative().default(value);

const optionsSchema = z.strictObject({
  seed: z.int().default(0),
  boolqQuestions: count(300),
  popeImages: count(75),
  captions: count(3200),
  instructions: count(3200),
  visionShare: z.number().min(0).max(1).default(0.125),
});

function check(options: MiniworldOptions): Settings {
  const result = optionsSchema.safeParse(options);
  if (result.success) return result.data;
  throw new MlanError("invalid-options", `miniworld: ${z.prettifyError(result.error)}`, { cause: result.error });
}

async function readStamp(folder: URL): Promise<string | undefined> {
  try {
    return JSON.stringify(JSON.parse(await readFile(new URL(STAMP, folder), "utf8")));
  } catch {
    return undefined; // no world, or one that was not finished: it is written anew
  }
}

async function writeBenchmarks(folder: URL, { seed, boolqQuestions, popeImages }: Settings): Promise<void> {
  const boolq = numbers(boolqQuestions).map((index) => boolqRow(deriveSeed(seed, `boolq ${index}`), index));
  await writeJsonLines(new URL("boolq/validation.jsonl", folder), boolq);
  const images = numbers(popeImages).map((index) => popeImage(deriveSeed(seed, `pope ${index}`), index));
  await writeJsonLines(
    new URL("pope/test.jsonl", folder),
    images.flatMap(({ rows }) => rows),
  );
  await writePictures(
    new URL("pope/", folder),
    images.map(({ image, scene }) => ({ path: image, png: draw(seed, image, scene) })),
  );
}

async function writeCaptions(folder: URL, { seed, captions }: Settings): Promise<void> {
  const items = numbers(captions).map((index) => captionItem(deriveSeed(seed, `caption ${index}`), idOf(index)));
  await writeItems(folder, { "captions.json": items }, seed);
}

async function writeMixtures(folder: URL, { seed, instructions, visionShare }: Settings): Promise<void> {
  const vision = Math.round(instructions * visionShare);
  const language = numbers(instructions).map((index) =>
    languageItem(deriveSeed(seed, `language ${index}`), `l${idOf(index)}`),
  );
  const pictures = numbers(vision).map((index) => visionItem(deriveSeed(seed, `vision ${index}`), `v${idOf(index)}`));
  const mixed = [...language.slice(0, instructions - vision), ...pictures];
  await writeItems(folder, { "MLAN_mini.json": language, "MLAN_v_mini.json": mixed }, seed);
}

async function writeItems(
  folder: URL,
  files: Readonly<Record<string, readonly TuningItem[]>>,
  seed: number,
): Promise<void> {
  for (const [name, items] of Object.entries(files)) {
    await writeJson(
      new URL(name, folder),
      items.map(({ row }) => row),
    );
    const pictures = items.flatMap(({ row, scene }) =>
      row.image !== undefined && scene
        ? [{ path: `images/${row.image}`, png: draw(seed, `${name} ${row.image}`, scene) }]
        : [],
    );
    await writePictures(folder, pictures);
  }
}

function draw(seed: number, name: string, scene: Scene): Uint8Array {
  return drawPicture(seededRandom(deriveSeed(seed, `picture ${name}`)), scene);
}

function numbers(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}

function idOf(index: number): string {
  return String(index).padStart(6, "0");
}
