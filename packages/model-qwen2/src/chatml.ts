import type { Turn } from "@mlan/core";
import {
  addedToken,
  given,
  imagesAndText,
  JINJA_MACROS,
  type PlacedTurn,
  type Segment,
  type Template,
} from "@mlan/model-llava";

const SYSTEM = "You are a helpful assistant.";
const START = "<|im_start|>";
const END = "<|im_end|>";

/**
 * ChatML with the system prompt of Qwen2, `qwen_1_5` in LLaVA: `<|im_start|>user {question}<|im_end|>
 * <|im_start|>assistant {answer}<|im_end|> `. Answers and their `<|im_end|>` are supervised. A system turn replaces the
 * default system prompt. (The chat template of Qwen2.5 has a longer system prompt.)
 */
export const chatml: Template = {
  name: "chatml",
  // The number must change with the rules for supervision.
  fingerprint: JSON.stringify(["chatml", 1, SYSTEM, START, END]),
  answerEnd: END,
  jinja: [
    JINJA_MACROS,
    `{%- if messages[0]['role'] != 'system' -%}{{- ${JSON.stringify(`${START}system\n${SYSTEM}${END}\n`)} -}}{%- endif -%}`,
    "{%- for message in messages -%}",
    `{{- '${START}' + message['role'] + '\\n' -}}{{- images(message['content']) -}}{{- text(message['content']) -}}`,
    `{{- '${END}\\n' -}}`,
    "{%- endfor -%}",
    `{%- if add_generation_prompt -%}{{- '${START}assistant\\n' -}}{%- endif -%}`,
    "",
  ].join("\n"),
  segments: ({ turns }) => writtenTurns(turns),
  promptSegments: ({ turns, answerStart }) => [
    ...writtenTurns(turns),
    ...turnStart("assistant"),
    // Encoded separately from the role, like an answer in training.
    { text: answerStart, supervised: true },
  ],
};

function writtenTurns(turns: readonly PlacedTurn[]): readonly Segment[] {
  return [
    ...systemTurn(turns),
    ...turns.flatMap((one) => {
      const { role, text, supervised = true } = one;
      if (role === "system") return [];
      if (role === "user") return turn(role, imagesAndText(one));
      return turn(role, [{ text, supervised }], supervised && text !== "");
    }),
  ];
}

function systemTurn([first]: readonly Turn[]): readonly Segment[] {
  return turn("system", [given(first?.role === "system" ? first.text : SYSTEM)]);
}

function turn(role: Turn["role"], content: readonly Segment[], endSupervised = false): readonly Segment[] {
  return [...turnStart(role), ...content, addedToken(END, endSupervised), given("\n")];
}

function turnStart(role: Turn["role"]): readonly Segment[] {
  return [addedToken(START), given(`${role}\n`)];
}
