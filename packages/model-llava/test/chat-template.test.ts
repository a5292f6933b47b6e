import { readFile } from "node:fs/promises";
import { type ImageReference, MlanError, type Turn } from "@mlan/core";
import { encodePrompt, writePrompt } from "#internal/encode-prompt.ts";
import { chatTemplate, type ChatTemplateSource } from "#internal/templates/jinja/chat-template.ts";
import { byteLevelTokenizer, encodeConversation, type Template } from "@mlan/model-llava";
import { describe, expect, test } from "vitest";

interface Row {
  readonly system: string | null;
  readonly turns: readonly string[];
  readonly refused?: string;
  readonly ids: readonly number[];
  readonly supervised: readonly number[];
  readonly prompt: readonly number[];
}

interface Expected {
  readonly shown: readonly number[];
  readonly templates: readonly {
    readonly name: string;
    readonly special: Readonly<Record<string, string>>;
    readonly source: string;
    readonly rows: readonly Row[];
  }[];
}

const folder = new URL("fixtures/chat-templates/", import.meta.url);
const { templates, shown }: Expected = JSON.parse(await readFile(new URL("expected.json", folder), "utf8"));
const tokenizer = await byteLevelTokenizer.load(folder);
const llava = templates.at(-1)?.source ?? "";
const end = tokenizer.endOfSequenceId;
const image: ImageReference = { name: "a.png", read: async () => new Uint8Array() };

function templateOf(source: string, options: Partial<ChatTemplateSource> = {}): Template {
  const file = new URL("tokenizer_config.json", folder);
  const base = { name: "chat_template", file, specialTokens: {}, imageToken: "<image>" };
  return chatTemplate({ ...base, source, ...options }, tokenizer);
}

function turnsOf({ system, turns }: Pick<Row, "system" | "turns">): readonly Turn[] {
  const said = turns.map((text, index): Turn => ({ role: index % 2 === 0 ? "user" : "assistant", text }));
  return system === null ? said : [{ role: "system", text: system }, ...said];
}

function encode(template: Template, turns: readonly Turn[], images: readonly ImageReference[] = []) {
  const options = { tokenizer, template, maximumLength: 4096, positionsPerImage: 1 };
  const { inputIds, labels, problem } = encodeConversation({ id: "row-7", turns, images }, options);
  return { ids: [...inputIds], supervised: [...labels.keys()].filter((place) => labels[place] !== -100), problem };
}

function ask(template: Template, turns: readonly Turn[], answerStart = "", images: readonly ImageReference[] = []) {
  const owner = { id: "q-3", images };
  const user = turns.at(-1)?.text ?? "";
  const written = writePrompt({ kind: "chat", history: turns.slice(0, -1), user, answerStart }, template, owner);
  return encodePrompt(written, tokenizer, owner);
}

describe.each(templates)("the chat template of $name", ({ name, special, source, rows }) => {
  const template = templateOf(source, { specialTokens: special });
  const isWritten = ({ refused, system }: Row): boolean =>
    refused === undefined && (system === null || name !== "mistralai/Mistral-7B-Instruct-v0.3");

  test("returns the tokens and the mask of transformers", () => {
    const written = rows.filter(isWritten);
    expect(written.length).toBeGreaterThan(10);
    for (const row of written) {
      const { ids, supervised } = encode(template, turnsOf(row));
      // Its answers end without a token, so generation would never stop.
      const [isOpen, last] = [template.answerEnd === undefined, row.ids.length];
      expect({ ids, supervised }, JSON.stringify(row)).toEqual({
        ids: isOpen ? [...row.ids, end] : row.ids,
        supervised: isOpen ? [...row.supervised, last] : row.supervised,
      });
    }
    expect(template.answerEnd === undefined).toBe(name.startsWith("llava-hf/"));
  });

  test("returns the prompts of transformers, with which the trained texts begin", () => {
    for (const row of rows.filter(isWritten)) {
      const turns = turnsOf(row);
      expect(ask(template, turns.slice(0, -1)), JSON.stringify(row)).toEqual(row.prompt);
      const answer = turns.at(-1)?.text ?? "";
      const { ids } = encode(template, turns);
      const started = ask(template, turns.slice(0, -1), answer.trimEnd());
      expect(ids.slice(0, started.length)).toEqual(started);
    }
  });

  test("refuses the same chats as in transformers, with the same reason", () => {
    for (const row of rows.filter((one) => one.refused !== undefined)) {
      expect(() => encode(template, turnsOf(row))).toThrow(
        `conversation "row-7" cannot be written in the template "chat_template" of ${new URL("tokenizer_config.json", folder).pathname}: ` +
          `${row.refused?.replace(/\.*$/, "")}`,
      );
    }
  });

  test("treats no text of a turn as a token", () => {
    const written = "Say <|im_end|>, </s> and <s>";
    const turns = turnsOf({ system: null, turns: [written, `No <|eot_id|>${written}`] });
    const plain = turnsOf({ system: null, turns: ["Say", "No"] });
    const special = (ids: readonly number[]): readonly number[] => ids.filter((id) => tokenizer.decode([id]) === "");
    expect(special(encode(template, turns).ids)).toEqual(special(encode(template, plain).ids));
    expect(tokenizer.decode(encode(template, turns).ids)).toContain(written);
  });

  test("learns no answer that is marked as not supervised", () => {
    const texts = ["Hi", "yes", "Sure?", "no"];
    const turns = turnsOf({ system: null, turns: texts });
    const [all, one] = [turns, turns.with(1, { role: "assistant", text: "yes", supervised: false })].map((said) =>
      encode(template, said),
    );
    expect(one?.ids).toEqual(all?.ids);
    expect(one?.supervised).toEqual(all?.supervised.slice(-(one?.supervised.length ?? 0)));
    expect(one?.supervised.length).toBeLessThan(all?.supervised.length ?? 0);
    expect(one?.supervised.length).toBeGreaterThan(0);
  });
});

describe("a chat template that expects parts", () => {
  const template = templateOf(llava);
  const isImage = (id: number): boolean => id === -200;

  test("writes an image at the place of its part, as the image token", () => {
    const turns = turnsOf({ system: null, turns: ["What is it?\n<image>", "A bus."] });
    const { ids } = encode(template, turns, [image]);
    const written = shown.map((id) => (id === tokenizer.idOf("<image>") ? -200 : id));
    expect(ids).toEqual([...written, end]);
  });

  test("shows images in any turn, in training and in prompts", () => {
    const texts = ["<image>\nWhat is it?", "A bus.", "<image>\nAnd this?", "A cat."];
    const turns = turnsOf({ system: null, turns: texts });
    const { ids, supervised } = encode(template, turns, [image, image]);
    expect(ids.filter(isImage)).toHaveLength(2);
    expect(supervised.map((place) => ids[place])).not.toContain(-200);
    const asked = ask(template, turns.slice(0, 3), "A", [image, image]);
    expect(ids.slice(0, asked.length)).toEqual(asked);
  });
});

test("a chat template that expects texts has images in front of the turn, and its text on a new line", () => {
  const template = templateOf(templates.find(({ name }) => name.startsWith("Qwen/Qwen2-"))?.source ?? "");
  const turns = turnsOf({ system: "Brief.", turns: ["<image>\nIs <image> it?", "yes"] });
  const { ids } = encode(template, turns, [image]);
  const start = tokenizer.encode("<|im_start|>system\nBrief.<|im_end|>\n<|im_start|>user\n");
  const rest = tokenizer.encode("\nIs <image> it?<|im_end|>\n<|im_start|>assistant\nyes<|im_end|>\n");
  const text = tokenizer.encodeParts(["\nIs <image> it?"]).flat();
  expect(ids).toEqual([...start, -200, ...text, ...rest.slice(rest.indexOf(tokenizer.idOf("<|im_end|>") ?? 0))]);
  expect(ask(template, turns.slice(0, 2), "yes", [image])).toEqual(ids.slice(0, -2));
  // In a prompt, images are where their placeholders are.
  const [system, ...said] = turns;
  const asked = ask(template, system ? [system, { role: "user", text: "Is <image> it, or <image>?" }] : said, "", [
    image,
    image,
  ]);
  expect(asked.filter((id) => id === -200)).toHaveLength(2);
  expect(asked.indexOf(-200)).toBe([...start, ...tokenizer.encode("Is ")].length);
});

test("the begin-of-sequence token is added to a processor's template unless the template writes it", () => {
  const options = { specialTokens: { bos_token: "<s>" } };
  expect(templateOf(`{{ bos_token }}${llava}`, options).beginOfSequence).toBe(false);
  expect(templateOf(llava, options).beginOfSequence).toBe(true);
  const text = "{% for message in messages %}{{ message.content }}{{ '</s>' }}{% endfor %}";
  expect(templateOf(text, options).beginOfSequence).toBe(false);
});

test("its fingerprint changes with its text and its tokens", () => {
  const base = templateOf(llava);
  const others = [
    templateOf(`${llava} `),
    templateOf(`${llava}{{ bos_token }}`, { specialTokens: { bos_token: "<s>" } }),
  ];
  expect(new Set([base, ...others].map(({ fingerprint }) => fingerprint)).size).toBe(3);
  expect(templateOf(llava).fingerprint).toBe(base.fingerprint);
});

describe("a chat template that", () => {
  const say = "{% for message in messages %}{{ message.content }}{% endfor %}";
  const turns = turnsOf({ system: null, turns: ["Hi", "yes"] });

  test.each<[string, string, RegExp]>([
    [
      "does not parse",
      "{% for message in messages %}{{ message.content",
      /"chat_template" cannot be read: .*\. Correct it, or name another template\.$/,
    ],
    ["is a megabyte", " x".repeat(500_000), /cannot be read: it has 1000000 characters; at most 250000 are supported/],
    [
      "has white space only",
      " ".repeat(200_000),
      /cannot be read: it has thousands of white-space characters in a row/,
    ],
    ["nests deeply", `{{ ${"(".repeat(100_000)}1${")".repeat(100_000)} }}`, /cannot be read: .*call stack/],
  ])("%s is refused when it is first used", (_, source, message) => {
    const error = caught(() => templateOf(source).answerEnd);
    expect(MlanError.is(error, "invalid-checkpoint")).toBe(true);
    expect(String(error)).toMatch(message);
  });

  test.each<[string, string, RegExp]>([
    [
      "raises",
      `${say}{{ raise_exception('Only tools.') }}`,
      /: Only tools\. Change its turns, or name another template\.$/,
    ],
    [
      "never ends",
      `${say}{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}`,
      /takes more than 500000 steps/,
    ],
    ["makes a list without end", `${say}{{ range(10 ** 12) }}`, /range\(0, 1000000000000, 1\) is too long/],
    [
      "doubles a list",
      `${say}{% set n = namespace(a=[1]) %}{% for i in range(99) %}{% set n.a = n.a + n.a %}{% endfor %}`,
      /takes more than 500000 steps/,
    ],
    [
      "doubles a text",
      `${say}{% set n = namespace(a='ab') %}{% for i in range(99) %}{% set n.a = n.a + n.a %}{% endfor %}`,
      /makes a text of \d+ characters/,
    ],
    ["leaves out a turn", "{{ messages[0].content }}", /leaves out turn 2, by the assistant/],
    ["calls what is not there", `${say}{{ missing() }}`, /Cannot call something that is not a function/],
    [
      "looks at how a turn begins",
      `${say}{{ messages[0].content.startswith('H') }}`,
      /depends on how a turn's text begins or ends/,
    ],
  ])("%s ends in one sentence", (_, source, message) => {
    const error = caught(() => encode(templateOf(source), turns));
    expect(MlanError.is(error, "invalid-data"), String(error)).toBe(true);
    expect(String(error)).toMatch(
      /^MlanError: model-llava: conversation "row-7" cannot be written in the template "chat_template" of /,
    );
    expect(String(error)).toMatch(message);
  });

  test("has no place for a system prompt refuses one", () => {
    const template = templateOf(
      "{% for m in messages %}{% if m.role != 'system' %}{{ m.content }}{% endif %}{% endfor %}",
    );
    const system: Turn = { role: "system", text: "Be brief." };
    expect(() => ask(template, [system, { role: "user", text: "Hi" }])).toThrow(
      /the prompt of "q-3" cannot be written .*: it has no place for a system prompt\. Change its turns, or name another template\./,
    );
  });

  test("shows no images refuses them", () => {
    const template = templateOf("{% for m in messages %}{{ m.content | trim | upper }}{% endfor %}");
    expect(ask(template, turns.slice(0, 1))).toEqual(tokenizer.encode("HI"));
  });
});

function caught(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
