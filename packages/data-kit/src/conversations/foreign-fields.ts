import { shownValue } from "@mlan/core";
import { z } from "zod";
import { isAbsent } from "./is-absent.ts";

/**
 * Fields in which other tools store whether an answer is supervised: `weight` (OpenAI), `train` or `training`
 * (axolotl), `loss` (ms-swift). Null means absent.
 */
export interface SupervisionFlags {
  readonly weight?: Flag;
  readonly train?: Flag;
  readonly training?: Flag;
  readonly loss?: Flag;
}

type Flag = boolean | 0 | 1 | null;
type FlagSchema = z.ZodExactOptional<z.ZodNullable<z.ZodType<Exclude<Flag, null>>>>;

// Not a union: zod describes each of its failed members, even for an absent field, which is the usual case.
const flag: FlagSchema = z
  .custom<Exclude<Flag, null>>((value) => value === 0 || value === 1 || typeof value === "boolean", {
    error: ({ input }) => `expected 0, 1 or true or false, found ${shownValue(input)}`,
  })
  .nullable()
  .exactOptional();

/** The schemas of {@link SupervisionFlags}. */
export const supervisionFlags: { readonly [Name in keyof SupervisionFlags]-?: FlagSchema } = {
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

/**
 * Returns whether the turn is supervised. Undefined if no field says so. {@link turnFieldProblem} reports
 * contradictions.
 */
export function isSupervised(turn: SupervisionFlags): boolean | undefined {
  const said = FLAGS.flatMap((name) => turn[name] ?? []);
  return said.length === 0 ? undefined : said.every(Boolean);
}

/**
 * Describes a field of a turn that is not supported. Ignoring it would change the meaning of the turn. Undefined if
 * there is none.
 */
export function turnFieldProblem(turn: SupervisionFlags, isAnswer: boolean): FieldProblem | undefined {
  const refused = refusedField(turn);
  if (refused) return refused;
  const said = FLAGS.filter((name) => turn[name] !== undefined && turn[name] !== null);
  const supervised = said.find((name) => turn[name]);
  const unsupervised = said.find((name) => !turn[name]);
  if (supervised === undefined) return undefined;
  if (!isAnswer) return { field: supervised, message: "only answers are supervised; remove it, or write false" };
  if (unsupervised === undefined) return undefined;
  return { field: supervised, message: `"${unsupervised}" says that the turn is not supervised; keep one of the two` };
}

function refusedField(turn: object): FieldProblem | undefined {
  for (const [name, value] of Object.entries(turn)) {
    const message = REFUSED_FIELDS.get(name);
    if (message !== undefined && !isAbsent(value)) return { field: name, message };
  }
  return undefined;
}

const IN_THE_TEXT = "is not supported; write it into the text of a turn";
const REFUSED_FIELDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    tool_calls: `a tool call ${IN_THE_TEXT}`,
    function_call: `a function call ${IN_THE_TEXT}`,
    tool_call_id: `the id of a tool call ${IN_THE_TEXT}`,
    name: `a speaker's name ${IN_THE_TEXT}`,
    refusal: `a refusal ${IN_THE_TEXT}`,
    reasoning: `reasoning ${IN_THE_TEXT}`,
    reasoning_content: `reasoning ${IN_THE_TEXT}`,
    thinking: `reasoning ${IN_THE_TEXT}`,
    image: 'a turn has no images; name them in the column "images" of the row',
    images: 'a turn has no images; name them in the column "images" of the row',
    audio: "audio is not supported; remove it",
    loss_scale: 'a turn is supervised or not; write "loss": true or false instead',
    train_detail: 'a turn is supervised as a whole or not; write "train": true or false instead',
    training_detail: 'a turn is supervised as a whole or not; write "training": true or false instead',
  }),
);

const PREFERENCES = "preference data is not supported; remove it, and keep only turns that should be supervised";
const VIDEOS = 'video is not supported; name their frames in the column "images"';
const SOUND = "audio is not supported; remove it";
const TOOLS = "tools are not supported; describe them in a system turn";

type Refused = z.ZodOptional<z.ZodUnknown>;

/** Columns that would change the meaning of a row. Such a row is an error unless they are empty. */
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
