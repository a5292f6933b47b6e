import { readdir, readFile } from "node:fs/promises";
import {
  deriveSeed,
  type Location,
  messageOf,
  MlanError,
  pathOf,
  toFolderUrl,
  writeFolderAtomically,
} from "@mlan/core";
import { captionItem } from "./captions.ts";
import { type MiniworldOptions, type Settings, settingsFrom } from "./miniworld-options.ts";
import { pictureOf } from "./picture.ts";
import { languageItem, type TuningItem, visionItem } from "./tuning.ts";
import { upTo, writeJson, writePictures } from "./world-files.ts";
import { writeBenchmarks } from "./write-benchmarks.ts";

/** The folders of a written world; each URL ends in a slash. */
export interface Miniworld {
  readonly folder: URL;
  /** `test.jsonl` in the schema of EleutherAI/race. */
  readonly race: URL;
  /** `test.jsonl` in the schema of allenai/openbookqa. */
  readonly openbookqa: URL;
  /** `validation.jsonl` in the schema of google/boolq. */
  readonly boolq: URL;
  /** `validation.jsonl` in the schema of Rowan/hellaswag. */
  readonly hellaswag: URL;
  /** `test.jsonl` in the schema of lmms-lab/RealWorldQA, with `images/`. */
  readonly realworldqa: URL;
  /** `test.jsonl` in the schema of lmms-lab/ai2d, with `images/`. */
  readonly ai2d: URL;
  /** `test.jsonl` in the schema of lmms-lab/POPE, with `images/`. */
  readonly pope: URL;
  /** `testdev_balanced_instructions.jsonl` and `testdev_balanced_images.jsonl` in the schemas of lmms-lab/GQA, with `images/`. */
  readonly gqa: URL;
  /** `test.jsonl` in the schema of lmms-lab/ScienceQA, with `images/`. */
  readonly scienceqa: URL;
  /** `captions.json` in the format of liuhaotian/LLaVA-Pretrain, with `images/`. */
  readonly captions: URL;
  /**
   * `MLAN_mini.json` (language only), `MLAN_v_mini.json` (with a share of images) and `vision_mini.json` (images only) in
   * LLaVA's tuning format, with `images/`.
   */
  readonly mlan: URL;
}

/** Must be increased whenever the same options would produce different files. */
const VERSION = 7;
const STAMP = "miniworld.json";

/**
 * Writes the world's data into `folder` atomically; a folder that already contains the same world is left unchanged.
 * Throws `invalid-options` for unknown options and for a folder with other files, and `unavailable` if the folder cannot be
 * written.
 */
export async function writeMiniworld(folder: Location, options: MiniworldOptions = {}): Promise<Miniworld> {
  const settings = settingsFrom(options);
  const root = toFolderUrl(folder);
  const stamp = JSON.stringify({ version: VERSION, ...settings });
  if ((await readStamp(root)) !== stamp) {
    await refuseOtherFiles(root);
    await writeFolderAtomically(root, async (temporary) => {
      await writeBenchmarks(temporary, settings);
      await writeCaptions(new URL("captions/", temporary), settings);
      await writeMixtures(new URL("mlan/", temporary), settings);
      await writeJson(new URL(STAMP, temporary), JSON.parse(stamp));
    });
  }
  const part = (name: string): URL => new URL(`${name}/`, root);
  return {
    folder: root,
    race: part("race"),
    openbookqa: part("openbookqa"),
    boolq: part("boolq"),
    hellaswag: part("hellaswag"),
    realworldqa: part("realworldqa"),
    ai2d: part("ai2d"),
    pope: part("pope"),
    gqa: part("gqa"),
    scienceqa: part("scienceqa"),
    captions: part("captions"),
    mlan: part("mlan"),
  };
}

async function refuseOtherFiles(folder: URL): Promise<void> {
  const names = await readdir(folder).catch((cause: unknown): string[] => {
    if (Object(cause).code === "ENOENT") return [];
    throw new MlanError("unavailable", `data-miniworld: ${pathOf(folder)} cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  });
  const [other] = names;
  if (other === undefined || names.includes(STAMP)) return;
  const message = `data-miniworld: ${pathOf(folder)} holds "${other}" and no ${STAMP}, so it is not a miniworld. Give a folder that is empty or does not exist.`;
  throw new MlanError("invalid-options", message);
}

async function readStamp(folder: URL): Promise<string | undefined> {
  try {
    return JSON.stringify(JSON.parse(await readFile(new URL(STAMP, folder), "utf8")));
  } catch {
    return undefined; // no world, or an incomplete one: it is written again
  }
}

async function writeCaptions(folder: URL, { seed, captions }: Settings): Promise<void> {
  const items = upTo(captions).map((index) => captionItem(deriveSeed(seed, `caption ${index}`), idOf(index)));
  await writeItems(folder, "captions.json", items, { seed });
}

async function writeMixtures(folder: URL, { seed, instructions, visionShare }: Settings): Promise<void> {
  const language = upTo(instructions).map((index) =>
    languageItem(deriveSeed(seed, `language ${index}`), `l${idOf(index)}`),
  );
  const vision = upTo(instructions).map((index) => visionItem(deriveSeed(seed, `vision ${index}`), `v${idOf(index)}`));
  const shared = Math.round(instructions * visionShare);
  const mixed = [...language.slice(0, instructions - shared), ...vision.slice(0, shared)];
  await writeRows(new URL("MLAN_mini.json", folder), language);
  await writeRows(new URL("MLAN_v_mini.json", folder), mixed);
  // Named as in earlier versions, whose pictures these are.
  await writeItems(folder, "vision_mini.json", vision, { seed, pictures: "MLAN_v_mini.json" });
}

/** Writes records and the pictures that they name; `pictures` is part of each picture's seed. */
async function writeItems(
  folder: URL,
  name: string,
  items: readonly TuningItem[],
  { seed, pictures = name }: { readonly seed: number; readonly pictures?: string },
): Promise<void> {
  await writeRows(new URL(name, folder), items);
  const files = items.flatMap(({ row, scene }) =>
    row.image !== undefined && scene
      ? [{ path: `images/${row.image}`, png: pictureOf(seed, `${pictures} ${row.image}`, scene) }]
      : [],
  );
  await writePictures(folder, files);
}

async function writeRows(file: URL, items: readonly TuningItem[]): Promise<void> {
  await writeJson(
    file,
    items.map(({ row }) => row),
  );
}

function idOf(index: number): string {
  return String(index).padStart(6, "0");
}
