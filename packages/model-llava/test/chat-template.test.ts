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
  readonly learned: readonly number[];
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
const [llava] = templates.slice(-1);
const end = tokenizer.endOfSequenceId;
const image: ImageReference = { name: "a.png", read: async () => new Uint8Array() };

function templateOf(source: string, options: Partial<ChatTemplateSource> = {}): Template {
  const file = new URL("tokenizer_config.json", folder);
  const base = { name: "chat_template", file, specialTokens: {}, imageToken: "<image>", addsBeginOfSequence: false };
  return chatTemplate({ ...base, source, ...options }, tokenizer);
}

function turnsOf({ system, turns }: Pick<Row, "system" | "turns">): readonly Turn[] {
  const said = turns.map((text, index): Turn => ({ role: index % 2 === 0 ? "user" : "assistant", text }));
  return system === null ? said : [{ role: "system", text: system }, ...said];
}

function encode(template: Template, turns: readonly Turn[], images: readonly ImageReference[] = []) {
  const options = { tokenizer, template, maximumLength: 4096, positionsPerImage: 1 };
  const { inputIds, labels, problem } = encodeConversation({ id: "row-7", turns, images }, options);
  return { ids: [...inputIds], learned: [...labels.keys()].filter((place) => labels[place] !== -100), problem };
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

  test("gives the tokens and the mask of transformers", () => {
    const written = rows.filter(isWritten);
    expect(written.length).toBeGreaterThan(10);
    for (const row of written) {
      const { ids, learned } = encode(template, turnsOf(row));
      // Its answers end with no token, so that none would ever end.
      const [isOpen, last] = [template.answerEnd === undefined, row.ids.length];
      expect({ ids, learned }, JSON.stringify(row)).toEqual({
        ids: isOpen ? [...row.ids, end] : row.ids,
        learned: isOpen ? [...row.learned, last] : row.learned,
      });
    }
    expect(template.answerEnd === undefined).toBe(name.startsWith("llava-hf/"));
  });

  test("gives the prompts of transformers, which begin what is trained", () => {
    for (const row of rows.filter(isWritten)) {
      const turns = turnsOf(row);
      expect(ask(template, turns.slice(0, -1)), JSON.stringify(row)).toEqual(row.prompt);
      const answer = turns.at(-1)?.text ?? "";
      const { ids } = encode(template, turns);
      const started = ask(template, turns.slice(0, -1), answer.trimEnd());
      expect(ids.slice(0, started.length)).toEqual(started);
    }
  });

  test("refuses what it refuses in transformers, with its reason", () => {
    for (const row of rows.filter((one) => one.refused !== undefined)) {
      expect(() => encode(template, turnsOf(row))).toThrow(
        `conversation "row-7" cannot be written in the template "chat_template" of ${new URL("tokenizer_config.json", folder).pathname}: ` +
          `${row.refused?.replace(/\.*$/, "")}`,
      );
    }
  });

  test("takes no text of a turn for a token", () => {
    const written = "Say <|im_end|>, </s> and <s>";
    const turns = turnsOf({ system: null, turns: [written, `No <|eot_id|>${written}`] });
    const plain = turnsOf({ system: null, turns: ["Say", "No"] });
    const special = (ids: readonly number[]): readonly number[] => ids.filter((id) => tokenizer.decode([id]) === "");
    expect(special(encode(template, turns).ids)).toEqual(special(encode(template, plain).ids));
    expect(tokenizer.decode(encode(template, turns).ids)).toContain(written);
  });

  test("learns no answer that is marked so", () => {
    const texts = ["Hi", "yes", "Sure?", "no"];
    const turns = turnsOf({ system: null, turns: texts });
    const [all, one] = [turns, turns.with(1, { role: "assistant", text: "yes", learned: false })].map((said) =>
      encode(template, said),
    );
    expect(one?.ids).toEqual(all?.ids);
    expect(one?.learned).toEqual(all?.learned.slice(-(one?.learned.length ?? 0)));
    expect(one?.learned.length).toBeLessThan(all?.learned.length ?? 0);
    expect(one?.learned.length).toBeGreaterThan(0);
  });
});
