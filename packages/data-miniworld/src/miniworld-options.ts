import { checkOptions } from "@mlan/core";
import { z } from "zod";

export interface MiniworldOptions {
  /** Seed that determines every word and pixel. Default 0. */
  readonly seed?: number;
  /** Number of RACE articles, with one asked question on each. Default 200. */
  readonly raceArticles?: number;
  /** Number of OpenBookQA questions. Default 200. */
  readonly openbookqaQuestions?: number;
  /** Number of BoolQ questions, one per passage. Default 300. */
  readonly boolqQuestions?: number;
  /** Number of HellaSwag sources, with two questions on each. Default 100. */
  readonly hellaswagSources?: number;
  /** Number of RealWorldQA images, with one question on each. Default 150. */
  readonly realworldqaImages?: number;
  /** Number of AI2D images, with three questions on each. Default 60. */
  readonly ai2dImages?: number;
  /** Number of POPE images, with four questions on each. Default 75. */
  readonly popeImages?: number;
  /** Number of GQA images, with four questions on each. Default 50. */
  readonly gqaImages?: number;
  /**
   * Number of ScienceQA images, each with two questions, to which two questions without an image are added. Default 50.
   */
  readonly scienceqaImages?: number;
  /** Number of image-caption pairs. Default 3,200. */
  readonly captions?: number;
  /** Number of records in each tuning mixture. Default 3,200. */
  readonly instructions?: number;
  /** Share of the records of `MLAN_v_mini.json` that have an image. Default 0.125, as in MLAN_v of arXiv 2411.10557. */
  readonly visionShare?: number;
}

export type Settings = Required<MiniworldOptions>;

const count = (value: number): z.ZodDefault<z.ZodInt> => z.int().nonnegative().default(value);

const optionsSchema = z.strictObject({
  seed: z.int().default(0),
  raceArticles: count(200),
  openbookqaQuestions: count(200),
  boolqQuestions: count(300),
  hellaswagSources: count(100),
  realworldqaImages: count(150),
  ai2dImages: count(60),
  popeImages: count(75),
  gqaImages: count(50),
  scienceqaImages: count(50),
  captions: count(3200),
  instructions: count(3200),
  visionShare: z.number().min(0).max(1).default(0.125),
});

/** Fills in the defaults. Throws `invalid-options` for unknown or invalid options. */
export function settingsFrom(options: MiniworldOptions): Settings {
  return checkOptions("miniworld", optionsSchema, options);
}
