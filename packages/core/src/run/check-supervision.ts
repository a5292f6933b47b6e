import { setImmediate } from "node:timers/promises";
import type { Conversation } from "../contracts/conversation.ts";
import type { Examples } from "../contracts/dataset.ts";
import { counted, MlanError } from "../errors.ts";
import type { ConversationFormat } from "../contracts/conversation-format.ts";
import type { ModelInspection } from "../contracts/model.ts";
import type { TrainingRecipe } from "../contracts/trainer.ts";

/**
 * Throws `invalid-data` when no conversation of a dataset has a supervised position. Stops at the first conversation
 * that has one.
 */
export async function checkSupervision(
  name: string,
  examples: Examples<Conversation>,
  { format, answerSpans = "text" }: Pick<TrainingRecipe, "answerSpans"> & { readonly format: ConversationFormat },
  encode: NonNullable<ModelInspection["encode"]>,
  signal?: AbortSignal,
): Promise<void> {
  const reasons: string[] = [];
  for (let index = 0; index < examples.length; index++) {
    // Lets signals and timers run. Awaiting examples alone never leaves the microtask queue.
    if (index % CONVERSATIONS_PER_LOOK === 0) await setImmediate();
    signal?.throwIfAborted();
    const { id, supervised, problem } = encode(await examples.at(index), format, { answerSpans });
    if (supervised > 0) return;
    if (reasons.length < REASONS) reasons.push(`${id}: ${problem ?? "no position is supervised"}`);
  }
  throw nothingToLearn(name, { conversations: examples.length, reasons, format });
}

const CONVERSATIONS_PER_LOOK = 256;
const REASONS = 5;

/** Returns the error for a dataset without supervised positions. */
export function nothingToLearn(
  name: string,
  found: {
    readonly conversations: number;
    /** The reasons why the first few conversations have no supervised positions. */
    readonly reasons: readonly string[];
    readonly format: ConversationFormat;
  },
): MlanError {
  const { conversations, reasons, format } = found;
  const because = reasons.length > 0 ? ` (${reasons.join("; ")})` : "";
  return new MlanError(
    "invalid-data",
    `trainer: nothing can be learned from ${name}: none of its ${counted(conversations, "conversation")} has a supervised position${because}. ` +
      `Check its turns, the template "${format.template}" and the maximum length ${format.maximumLength}.`,
  );
}
