import { z } from "zod";
import { isAbsent } from "./is-absent.ts";

/**
 * Whether an answer is learned, as tools write it: `weight` (OpenAI), `train` or `training` (axolotl), `loss` (ms-swift).
 * Null is the absence of one.
 */
export interface LearningFlags {
  readonly weight?: Flag;
  readonly train?: Flag;
  readonly training?: Flag;
  readonly loss?: Flag;
}

type Flag = boolean | 0 | 1 | null;
type FlagSchema = z.ZodExactOptional<z.ZodNullable<z.ZodType<Exclude<Flag, null>>>>;

const flag: FlagSchema = z
  .union([z.literal(0), z.literal(1), z.boolean()])
  .nullable()
  .exactOptional();

/** The schemas of {@link LearningFlags}. */
export const learningFlags: { readonly [Name in keyof LearningFlags]-?: FlagSchema } = {
  weight: flag,
  train: flag,
  training: flag,
  loss: flag,
};

const FLAGS = ["weight", "train", "training", "loss"] as const;

export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

/** undefined when nothing says it; contradictions are for {@link turnFieldProblem}. */
export function isLearned(turn: LearningFlags): boolean | undefined {
  const said = FLAGS.flatMap((name) => turn[name] ?? []);
  return said.length === 0 ? undefined : said.every(Boolean);
}

/** A field of a turn that cannot be honoured: dropping it would change what the turn means. */
export function turnFieldProblem(turn: LearningFlags, isAnswer: boolean): FieldProblem | undefined {
  const refused = refusedField(turn);
  if (refused) return refused;
  const said = FLAGS.filter((name) => turn[name] !== undefined && turn[name] !== null);
  const learned = said.find((name) => turn[name]);
  const unlearned = said.find((name) => !turn[name]);
  if (learned === undefined) return undefined;
  if (!isAnswer) return { field: learned, message: "only answers are learned; remove it, or write false" };
  if (unlearned === undefined) return undefined;
  return { field: learned, message: `"${unlearned}" says that the turn is not learned; keep one of the two` };
}

function refusedField(turn: object): FieldProblem | undefined {
  const fields: Readonly<Record<string, unknown>> = { ...turn };
  const found = Object.entries(REFUSED_FIELDS).find(([name]) => !isAbsent(fields[name]));
  return found && { field: found[0], message: found[1] };
}

const IN_THE_TEXT = "is not read; write it into the text of a turn";
const REFUSED_FIELDS: Readonly<Record<string, string>> = {
  tool_calls: `a call of tools ${IN_THE_TEXT}`,
  function_call: `a call of a function ${IN_THE_TEXT}`,
  tool_call_id: `which call a turn answers ${IN_THE_TEXT}`,
  name: `a speaker's name ${IN_THE_TEXT}`,
  refusal: `a refusal ${IN_THE_TEXT}`,
  reasoning: `reasoning ${IN_THE_TEXT}`,
  reasoning_content: `reasoning ${IN_THE_TEXT}`,
  thinking: `reasoning ${IN_THE_TEXT}`,
  image: 'a turn has no images; name them in the column "images" of the row',
  images: 'a turn has no images; name them in the column "images" of the row',
  audio: "sound is not read; remove it",
  loss_scale: 'a turn is learned or not; write "loss": true or false instead',
  train_detail: 'a turn is learned as a whole or not; write "train": true or false instead',
  training_detail: 'a turn is learned as a whole or not; write "training": true or false instead',
};

const PREFERENCES = "preferences are not learned; remove it, and keep only turns that should be learned";
const VIDEOS = 'videos are not read; name their frames in the column "images"';
const SOUND = "sound is not read; remove it";
const TOOLS = "tools are not read; describe them in a system turn";

type Refused = z.ZodOptional<z.ZodUnknown>;

/** Columns that would change what a row means; they are refused where they hold something. */
export const refusedColumns: {
  tools: Refused;
  functions: Refused;
  video: Refused;
  videos: Refused;
  audio: Refused;
  audios: Refused;
  chosen: Refused;
  rejected: Refused;
  rejected_response: Refused;
  rejected_messages: Refused;
  kto_tag: Refused;
} = {
  tools: refused(TOOLS),
  functions: refused(TOOLS),
  video: refused(VIDEOS),
  videos: refused(VIDEOS),
  audio: refused(SOUND),
  audios: refused(SOUND),
  chosen: refused(PREFERENCES),
  rejected: refused(PREFERENCES),
  rejected_response: refused(PREFERENCES),
  rejected_messages: refused(PREFERENCES),
  kto_tag: refused(PREFERENCES),
};

function refused(message: string): Refused {
  return z.unknown().optional().refine(isAbsent, message);
}
