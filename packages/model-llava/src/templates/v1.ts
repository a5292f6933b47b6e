import { type Turn, V1_SYSTEM_PROMPT } from "@mlan/core";
import { fingerprintNow } from "../fingerprint.ts";
import { labelAnswers } from "./label-answers.ts";
import { JINJA_MACROS } from "./jinja-macros.ts";
import type { PlacedTurn } from "./place-images.ts";
import { given, imagesAndText, type Segment } from "./segments.ts";
import type { Template } from "./template.ts";

const ROLES = { user: "USER", assistant: "ASSISTANT" } as const;
const ANSWER_MARK = ` ${ROLES.assistant}: `;
const ENDS = { user: " ", assistant: "</s>" } as const;

/**
 * The template of instruction tuning, `vicuna_v1` in LLaVA: `{system} USER: {question} ASSISTANT: {answer}</s>USER:
 * ...`. Answers and their ends are supervised. A system turn replaces the default system prompt.
 */
export const v1: Template = {
  name: "v1",
  // The number must change with the rules for supervision.
  fingerprint: fingerprintNow(["v1", 3, V1_SYSTEM_PROMPT, ROLES, ENDS]),
  segments: ({ turns }) => [given(systemOf(turns)), ...turns.flatMap(turnSegments)],
  promptSegments: ({ turns, answerStart }) => [
    given(systemOf(turns)),
    ...turns.slice(0, -1).flatMap(turnSegments),
    ...turns.slice(-1).flatMap(questionSegments),
    given(renderTurn("assistant", answerStart)),
  ],
  jinja: [
    JINJA_MACROS,
    "{{- bos_token -}}",
    "{%- if messages[0]['role'] == 'system' -%}{{- text(messages[0]['content']) + ' ' -}}",
    `{%- else -%}{{- ${JSON.stringify(`${V1_SYSTEM_PROMPT} `)} -}}{%- endif -%}`,
    "{%- for message in messages -%}",
    "{%- if message['role'] == 'user' -%}",
    "{{- 'USER: ' -}}{{- images(message['content']) -}}{{- text(message['content']) + ' ' -}}",
    "{%- elif message['role'] == 'assistant' -%}",
    "{{- 'ASSISTANT: ' + text(message['content']) + eos_token -}}",
    "{%- endif -%}{%- endfor -%}",
    "{%- if add_generation_prompt -%}{{- 'ASSISTANT:' -}}{%- endif -%}",
    "",
  ].join("\n"),
  original: {
    render: ({ turns }) => turns.reduce((rendered, turn) => rendered + renderedTurn(turn), systemOf(turns)),
    borders: [ANSWER_MARK, ENDS.assistant],
    tokens: [ENDS.assistant],
    label: (input) =>
      labelAnswers(input, { answerMark: ANSWER_MARK, answerEnd: ENDS.assistant, roundStart: `${ROLES.user}:` }),
  },
};

function turnSegments(turn: PlacedTurn): readonly Segment[] {
  if (turn.text === "" && turn.images === 0) return [given(renderedTurn(turn))];
  if (turn.role === "system") return [];
  if (turn.role === "user") return [given(`${ROLES.user}: `), ...imagesAndText(turn), given(ENDS.user)];
  // The space belongs to the answer's first token.
  const { supervised = true } = turn;
  return [
    given(`${ROLES.assistant}:`),
    { text: ` ${turn.text}`, supervised },
    { token: "end-of-sequence", supervised },
  ];
}

/** Returns the system prompt and a space. */
function systemOf([first]: readonly Turn[]): string {
  return `${first?.role === "system" ? first.text : V1_SYSTEM_PROMPT} `;
}

/** Returns the segments of a question. A newline follows images even without text. */
function questionSegments(turn: PlacedTurn): readonly Segment[] {
  if (turn.images === 0 || turn.text !== "") return turnSegments(turn);
  return [given(`${ROLES.user}: `), ...imagesAndText(turn), given(`\n${ENDS.user}`)];
}

function renderedTurn({ role, text }: Turn): string {
  return role === "system" ? "" : renderTurn(role, text) + (text && ENDS[role]);
}

// For an empty text, the original code writes only role and colon, without a space and an end.
function renderTurn(role: keyof typeof ROLES, text: string): string {
  return text === "" ? `${ROLES[role]}:` : `${ROLES[role]}: ${text}`;
}
