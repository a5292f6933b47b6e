import { type Conversation, counted, IMAGE_PLACEHOLDER, type ImageReference, type Turn } from "@mlan/core";
import { z } from "zod";
import { isImageReference } from "../images/image-reference.ts";
import {
  isSupervised,
  type SupervisionFlags,
  supervisionFlags,
  refusedColumns,
  turnFieldProblem,
} from "./foreign-fields.ts";
import { isAbsent } from "./is-absent.ts";
import { partProblem } from "./message-parts.ts";

/** A row in the format of LLaVA and ShareGPT (`conversations`) or of OpenAI (`messages`). Null means no image. */
export interface LlavaRecord {
  readonly id?: string | number | null;
  readonly image?: ImageCell;
  readonly images?: ImageCell;
  readonly conversations?: readonly LlavaTurn[] | null;
  readonly messages?: readonly LlavaTurn[] | null;
  /** The system prompt, equivalent to a system turn at the beginning. */
  readonly system?: string | null;
  readonly system_prompt?: string | null;
}

type ImageCell = ImageReference | readonly ImageReference[] | null;

/**
 * A turn. `from` or `role` is "human", "user", "gpt", "assistant", "system" or "developer"; `value` or `content` is the
 * text.
 */
export interface LlavaTurn extends SupervisionFlags {
  readonly from?: string | null;
  readonly role?: string | null;
  readonly value?: string | null;
  readonly content?: string | null;
}

const imageCell: z.ZodType<ImageCell> = z.custom<ImageCell>(
  (cell) => cell === null || (Array.isArray(cell) ? cell.every(isImageReference) : isImageReference(cell)),
  "expected an image",
);
const messageContent: z.ZodType<string | null> = z.custom<string | null>(
  (content) => content === null || typeof content === "string",
  { error: ({ input }) => partProblem(input) ?? "expected text" },
);
const turns: z.ZodType<readonly LlavaTurn[] | null> = z
  .array(
    // Unsupported fields are kept, so that they can be reported.
    z.looseObject({
      from: z.string().nullable().exactOptional(),
      role: z.string().nullable().exactOptional(),
      value: z.string().nullable().exactOptional(),
      content: messageContent.exactOptional(),
      ...supervisionFlags,
    }),
  )
  .nullable();

/**
 * The schema of a {@link LlavaRecord}. Turns must alternate and end with an answer; a system turn may come first. Every
 * image needs `<image>` in a user turn, and `<image>` at the beginning or end of a line needs an image. Fields of other
 * tools that would change the meaning of a row are either supported or errors.
 */
export const llavaRecord: z.ZodObject<
  {
    id: z.ZodExactOptional<z.ZodNullable<z.ZodUnion<readonly [z.ZodString, z.ZodNumber]>>>;
    image: z.ZodExactOptional<z.ZodType<ImageCell>>;
    images: z.ZodExactOptional<z.ZodType<ImageCell>>;
    conversations: z.ZodExactOptional<z.ZodType<readonly LlavaTurn[] | null>>;
    messages: z.ZodExactOptional<z.ZodType<readonly LlavaTurn[] | null>>;
    system: z.ZodExactOptional<z.ZodNullable<z.ZodString>>;
    system_prompt: z.ZodExactOptional<z.ZodNullable<z.ZodString>>;
  } & typeof refusedColumns
> = z
  .object({
    id: z.union([z.string(), z.number()]).nullable().exactOptional(),
    image: imageCell.exactOptional(),
    images: imageCell.exactOptional(),
    conversations: turns.exactOptional(),
    messages: turns.exactOptional(),
    system: z.string().nullable().exactOptional(),
    system_prompt: z.string().nullable().exactOptional(),
    ...refusedColumns,
  })
  .superRefine((record, context) => {
    const issue = turnProblem(record) ?? fieldProblem(record) ?? systemProblem(record) ?? imageProblem(record);
    if (issue) context.addIssue({ code: "custom", ...issue });
  });

/** The image columns of a {@link LlavaRecord}. */
export const llavaImages: readonly string[] = ["image", "images"];

/**
 * Converts a record to a conversation. Drops a first turn by "gpt". Texts are unchanged: the original code orders
 * training examples by their number of words, in which `<image>` counts as one word. A template later moves `<image>`
 * to the front of its turn.
 */
export function conversationOf(record: LlavaRecord, id: string): Conversation {
  return { id, turns: turnsOf(record), images: imagesOf(record) };
}

export function imagesOf({ image, images }: LlavaRecord): readonly ImageReference[] {
  return [image ?? [], images ?? []].flat();
}

/** Returns the turns of a record that are used for training. */
export function turnsOf(record: LlavaRecord): readonly Turn[] {
  const said = withoutPreamble(saidTurns(record)).map(({ turn, role }): Turn => {
    const plain: Turn = { role: role ?? "user", text: textOf(turn) ?? "" };
    return role === "assistant" && isSupervised(turn) === false ? { ...plain, supervised: false } : plain;
  });
  const [system] = systemsOf(record);
  return system === undefined || said[0]?.role === "system" ? said : [{ role: "system", text: system.text }, ...said];
}

interface Problem {
  readonly path: (string | number)[];
  readonly message: string;
}

interface SaidTurn {
  readonly turn: LlavaTurn;
  /** Undefined for an unknown `from` or `role`. */
  readonly role: Turn["role"] | undefined;
  readonly index: number;
}

function saidTurns({ conversations, messages }: LlavaRecord): readonly SaidTurn[] {
  return (conversations ?? messages ?? []).map((turn, index) => ({
    turn,
    role: ROLES.get(turn.from ?? turn.role ?? ""),
    index,
  }));
}

const ROLES: ReadonlyMap<string, Turn["role"]> = new Map([
  ["human", "user"],
  ["user", "user"],
  ["gpt", "assistant"],
  ["assistant", "assistant"],
  ["system", "system"],
  ["developer", "system"],
]);

function withoutPreamble(turns: readonly SaidTurn[]): readonly SaidTurn[] {
  return turns[0]?.role === "assistant" ? turns.slice(1) : turns;
}

function textOf({ value, content }: LlavaTurn): string | undefined {
  return value ?? content ?? undefined;
}

function turnProblem(record: LlavaRecord): Problem | undefined {
  const { conversations, messages } = record;
  const column = conversations ? "conversations" : "messages";
  if (!conversations && !messages) return { path: ["conversations"], message: 'expected turns here or in "messages"' };
  if (conversations && messages) return { path: ["messages"], message: 'expected turns here or in "conversations"' };
  const all = saidTurns(record);
  const wordless = all.find(({ turn, role }) => role === undefined || textOf(turn) === undefined);
  if (wordless) {
    const { turn, role, index } = wordless;
    if (role === undefined) return { path: [column, index, speakerKey(turn)], message: `expected ${SPEAKERS}` };
    return { path: [column, index, speakerKey(turn) === "from" ? "value" : "content"], message: "expected text" };
  }
  const rounds = all[0]?.role === "user" ? all : all.slice(1);
  const wrong = rounds.find(({ role }, place) => role !== (place % 2 === 0 ? "user" : "assistant"));
  if (wrong) {
    const expected = wrong.role === "user" ? "an answer" : "a user turn";
    const found = wrong.turn[speakerKey(wrong.turn)];
    const message = `turns must alternate: expected ${expected}, found one by "${found}"`;
    return { path: [column, wrong.index, speakerKey(wrong.turn)], message };
  }
  if (rounds.length > 0 && rounds.length % 2 === 0) return undefined;
  return { path: [column], message: `the last turn must be an answer; found ${counted(all.length, "turn")}` };
}

/** Returns the system prompts in columns other than the turns. Ignores empty columns. */
function systemsOf(record: LlavaRecord): readonly { readonly column: string; readonly text: string }[] {
  return (["system", "system_prompt"] as const).flatMap((column) => {
    const text = record[column];
    return typeof text !== "string" || isAbsent(text) ? [] : [{ column, text }];
  });
}

function systemProblem(record: LlavaRecord): Problem | undefined {
  const [first] = saidTurns(record);
  const turn = first?.role === "system" ? textOf(first.turn) : undefined;
  const systems = systemsOf(record);
  const other = systems.find(({ text }) => text !== (turn ?? systems[0]?.text));
  if (!other) return undefined;
  const where = turn === undefined ? `the column "${systems[0]?.column}"` : "the system turn";
  return { path: [other.column], message: `its text differs from that of ${where}; keep only one of them` };
}

function fieldProblem(record: LlavaRecord): Problem | undefined {
  const column = record.conversations ? "conversations" : "messages";
  for (const { turn, role, index } of saidTurns(record)) {
    const ofTurn = turnFieldProblem(turn, role === "assistant");
    if (ofTurn) return { path: [column, index, ofTurn.field], message: ofTurn.message };
  }
  return undefined;
}

function speakerKey({ from, role }: LlavaTurn): "from" | "role" {
  return typeof role === "string" && typeof from !== "string" ? "role" : "from";
}

const SPEAKERS = [...ROLES.keys()]
  .map((name) => `"${name}"`)
  .join(", ")
  .replace(/, ([^,]*)$/, " or $1");

function imageProblem(record: LlavaRecord): Problem | undefined {
  const column = record.conversations ? "conversations" : "messages";
  const images = imagesOf(record).length;
  const turns = turnsOf(record);
  if (images === 0) {
    const turn = turns.findIndex(({ role, text }) => role === "user" && PLACEHOLDER_OF_A_LINE.test(text));
    if (turn < 0) return undefined;
    return { path: ["image"], message: `expected an image for ${IMAGE_PLACEHOLDER} in turn ${turn + 1}` };
  }
  const elsewhere = turns.find(({ role, text }) => role !== "user" && text.includes(IMAGE_PLACEHOLDER));
  if (elsewhere) {
    const message = `only user turns may contain ${IMAGE_PLACEHOLDER}, but a turn by the ${elsewhere.role} does`;
    return { path: [column], message };
  }
  const total = placeholders(turns);
  const holding = turns.filter(({ text }) => text.includes(IMAGE_PLACEHOLDER)).length;
  if (total === images || holding === images) return undefined;
  const times = total === 1 ? "once" : `${total} times`;
  return {
    path: [column],
    message: `${images === 1 ? "its image" : `each of its ${images} images`} needs ${IMAGE_PLACEHOLDER} in a turn, but it occurs ${times}`,
  };
}

/** Matches a placeholder at the beginning or end of a line. Within a line, `<image>` is text, e.g. about HTML. */
const PLACEHOLDER_OF_A_LINE = new RegExp(`^[ \\t]*${IMAGE_PLACEHOLDER}|${IMAGE_PLACEHOLDER}[ \\t]*$`, "m");

function placeholders(turns: readonly Turn[]): number {
  return turns.reduce((sum, { text }) => sum + text.split(IMAGE_PLACEHOLDER).length - 1, 0);
}
