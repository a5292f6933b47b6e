import type { Turn } from "@mlan/core";
import { fingerprintNow } from "../fingerprint.ts";
import { labelAnswers } from "./label-answers.ts";
import type { PlacedTurn } from "./place-images.ts";
import { addedToken, given, imagesAndText, type Segment } from "./segments.ts";
import type { Template } from "./template.ts";

// The published prompt has two spaces after "safe."
const SYSTEM =
  "You are a helpful, respectful and honest assistant. Always answer as helpfully as possible, while being safe.  Your answers " +
  "should not include any harmful, unethical, racist, sexist, toxic, dangerous, or illegal content. Please ensure that your " +
  "responses are socially unbiased and positive in nature.\n\nIf a question does not make any sense, or is not factually " +
  "coherent, explain why instead of answering something not correct. If you don't know the answer to a question, please don't " +
  "share false information.";
const START = "<s>";
const END = "</s>";
const QUESTION_MARK = "[INST] ";
const QUESTION_END = " [/INST]";

/**
 * The template of Llama 2 Chat, `llama_2` in LLaVA: `[INST] <<SYS>> {system} <</SYS>> {question} [/INST] {answer}
 * </s>`, then `<s>[INST] ...`. Answers and their ends are supervised, as in `preprocess_llama_2`. A system turn
 * replaces the default system prompt; an empty one removes it.
 */
export const llama2Template: Template = {
  name: "llama_2",
  // The number must change with the rules for supervision.
  fingerprint: fingerprintNow(["llama_2", 1, SYSTEM, START, END, QUESTION_MARK, QUESTION_END]),
  segments: ({ turns }) => written(turns),
  promptSegments: ({ turns, answerStart }) => [...written(turns), given(answerStart === "" ? "" : ` ${answerStart}`)],
  original: {
    render: ({ turns }) => rounds(turns).reduce((text, turn, index) => text + rendered(turn, index, turns), ""),
    borders: [`${QUESTION_END.trimStart()} `, END],
    tokens: [START, END],
    label: (input) =>
      labelAnswers(input, {
        answerMark: `${QUESTION_END.trimStart()} `,
        answerEnd: END,
        roundStart: START + QUESTION_MARK.trimEnd(),
      }),
  },
};

function written(turns: readonly PlacedTurn[]): readonly Segment[] {
  return rounds(turns).flatMap((turn, index): readonly Segment[] => {
    const { role, text, images, supervised = true } = turn;
    const first = index === 0;
    // The original code writes no empty turn except the first.
    if (text === "" && images === 0 && !first) return [];
    if (role === "assistant")
      return [
        { text: ` ${text} `, supervised },
        { token: "end-of-sequence", supervised },
      ];
    const opening = first ? given(QUESTION_MARK + systemOf(turns)) : given(QUESTION_MARK);
    return [...(first ? [] : [addedToken(START)]), opening, ...imagesAndText(turn), given(QUESTION_END)];
  });
}

/** Renders a turn as text, including placeholders. */
function rendered({ role, text }: Turn, index: number, turns: readonly Turn[]): string {
  if (text === "" && index > 0) return "";
  if (role === "assistant") return ` ${text} ${END}`;
  return `${index > 0 ? START : ""}${QUESTION_MARK}${index === 0 ? systemOf(turns) : ""}${text}${QUESTION_END}`;
}

/** Returns the turns without the system turn. */
function rounds<Said extends Turn>(turns: readonly Said[]): readonly Said[] {
  return turns[0]?.role === "system" ? turns.slice(1) : turns;
}

/** Returns the text before the first question. */
function systemOf([first]: readonly Turn[]): string {
  const system = first?.role === "system" ? first.text : SYSTEM;
  return system === "" ? "" : `<<SYS>>\n${system}\n<</SYS>>\n\n`;
}
