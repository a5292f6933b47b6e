import { mkdir, rm, writeFile } from "node:fs/promises";
import { MlanError } from "@mlan/core";
import { llama } from "@mlan/model-llava";
import { readChatTemplates } from "#internal/templates/jinja/read-chat-templates.ts";
import { describe, expect, test } from "vitest";
import { changeJson, scratchLlava, tinySource } from "./tiny-llava.ts";
import { folderOf } from "./tokenizer-folders.ts";

const CHAT = "{% for message in messages %}{{ message.role + ': ' + message.content + eos_token }}{% endfor %}";
const scratch = await scratchLlava();

/** Returns a LLaVA checkpoint of other software, in which nothing names the training template. */
async function foreign(files: Readonly<Record<string, string>> = {}): Promise<URL> {
  const folder = scratch.fresh();
  const model = await tinySource(scratch.backbone, scratch.tower).open({ seed: 7 });
  await model.save(folder);
  model.dispose();
  await rm(new URL("checksums.json", folder));
  await changeJson(new URL("config.json", folder), { mlan_template: undefined });
  for (const [name, text] of Object.entries(files)) await writeFile(new URL(name, folder), text);
  return folder;
}

describe("LLaVA saved by other software", () => {
  test("is asked in its own chat template, in training, prompts and checks alike, and stays so when it is saved", async () => {
    const folder = await foreign({ "chat_template.jinja": CHAT });
    const model = await tinySource(folder).open();
    const { wording, format, fingerprint } = model;
    expect([format.template, wording.name]).toEqual(["chat_template", "chat_template"]);
    const turns = [
      { role: "user", text: "the red bus" },
      { role: "assistant", text: "yes" },
    ] as const;
    const conversation = { id: "1", turns, images: [] };
    const encoded = model.encode(conversation);
    const inspection = await tinySource(folder).inspect();
    expect(inspection.encode?.(conversation, format)).toEqual(encoded);
    expect(inspection.wording?.().name).toBe("chat_template");
    const tokenizer = await llama.tokenizer.load(folder);
    expect([...encoded.inputIds]).toEqual(tokenizer.encode("user: the red bus</s>assistant: yes</s>"));
    const saved = scratch.fresh();
    await model.save(saved);
    model.dispose();
    const again = await tinySource(saved).open();
    expect(again.format).toEqual(format);
    expect(again.fingerprint).toBe(fingerprint);
    again.dispose();
  });

  test("keeps a chat template of its processor's file when it is saved", async () => {
    const folder = await foreign({ "processor_config.json": JSON.stringify({ chat_template: CHAT }) });
    const model = await tinySource(folder).open();
    for (const layout of ["llava", "hf"] as const) {
      const saved = scratch.fresh();
      await model.save(saved, { layout });
      const again = await tinySource(saved).open();
      expect(again.format.template).toBe("chat_template");
      again.dispose();
    }
    model.dispose();
  });

  test("without one is refused until its template is named", async () => {
    const folder = await foreign();
    for (const act of [() => tinySource(folder).open(), () => tinySource(folder).inspect()]) {
      await expect(act()).rejects.toThrow(
        /config\.json: it does not name the template of the model's tuning, and its folder has no chat template\. Name it in the option "template" \(on the command line: --template\), one of v1, llama_2, plain; LLaVA-1\.5 and MLAN's models use v1\.$/,
      );
    }
    const model = await tinySource(folder, undefined, "llama_2").open();
    expect(model.format.template).toBe("llama_2");
    const other = await tinySource(folder, undefined, "v1").open();
    expect(other.fingerprint).not.toBe(model.fingerprint);
    model.dispose();
    other.dispose();
  });

  test("is refused with an unknown template, listing the known ones", async () => {
    const folder = await foreign({ "chat_template.jinja": CHAT });
    await expect(tinySource(folder, undefined, "v2").open()).rejects.toThrow(
      /the option "template" is "v2" \(expected one of v1, llama_2, plain, chat_template\)\.$/,
    );
  });

  test("is refused with a chat template that does not parse, unless another is named", async () => {
    const folder = await foreign({ "chat_template.jinja": "{% for m in messages %}" });
    for (const act of [() => tinySource(folder).open(), () => tinySource(folder).inspect()]) {
      const error = await act().catch((cause: unknown) => cause);
      expect(MlanError.is(error, "invalid-checkpoint")).toBe(true);
      expect(String(error)).toMatch(
        /chat_template\.jinja: the template "chat_template" cannot be read: .* Correct it, or name another template\.$/,
      );
    }
    expect((await tinySource(folder, undefined, "v1").inspect()).wording?.().name).toBe("tuned");
  });
});

test("a plain backbone is asked in its own chat template when it is named", async () => {
  const folder = await scratch.copy(scratch.backbone);
  await writeFile(new URL("chat_template.jinja", folder), CHAT);
  const plain = await tinySource(folder).inspect();
  expect([plain.wording?.().name, plain.tuningTemplate]).toEqual(["llama2-base", "v1"]);
  const named = await tinySource(folder, undefined, "chat_template").inspect();
  expect([named.wording?.().name, named.tuningTemplate]).toEqual(["chat_template", "chat_template"]);
});

describe("the chat templates of a folder", () => {
  const found = async (files: Readonly<Record<string, string>>) =>
    (await readChatTemplates(await folderOf(files))).map(({ name, source, specialTokens }) => ({
      name,
      source,
      specialTokens,
    }));

  test("come from the first place in which transformers looks", async () => {
    const files = {
      "tokenizer_config.json": JSON.stringify({ chat_template: "c", bos_token: "<s>", eos_token: { content: "</s>" } }),
      "processor_config.json": JSON.stringify({ chat_template: "p" }),
      "chat_template.json": JSON.stringify({ chat_template: "j" }),
      "chat_template.jinja": "t\n",
    };
    const names = Object.keys(files).toReversed();
    const further = await folderOf(files);
    await mkdir(new URL("additional_chat_templates/", further));
    await writeFile(new URL("additional_chat_templates/tool_use.jinja", further), "u");
    await writeFile(new URL("additional_chat_templates/README.md", further), "no template");
    expect((await readChatTemplates(further)).map(({ name, source }) => [name, source])).toEqual([
      ["chat_template", "t\n"],
      ["chat_template:tool_use", "u"],
    ]);
    await rm(new URL("chat_template.jinja", further));
    expect((await readChatTemplates(further)).map(({ name }) => name)).toEqual(["chat_template:tool_use"]);
    for (const [index, source] of ["t\n", "j", "p", "c"].entries()) {
      const kept = Object.fromEntries(Object.entries(files).filter(([name]) => names.indexOf(name) >= index));
      const specialTokens = { bos_token: "<s>", eos_token: "</s>" };
      expect(await found(kept)).toEqual([{ name: "chat_template", source, specialTokens }]);
    }
    expect(await found({ "tokenizer_config.json": "{}" })).toEqual([]);
    expect(await found({})).toEqual([]);
  });

  test("have names if there are several", async () => {
    const list = [
      { name: "default", template: "a" },
      { name: "rag", template: "b" },
    ];
    const config = (chat_template: unknown) => ({ "tokenizer_config.json": JSON.stringify({ chat_template }) });
    const named = (await found(config(list))).map(({ name, source }) => [name, source]);
    expect(named).toEqual([
      ["chat_template", "a"],
      ["chat_template:rag", "b"],
    ]);
    expect((await found(config({ default: "a", rag: "b" }))).map(({ name, source }) => [name, source])).toEqual(named);
    await expect(found(config([]))).rejects.toThrow(/tokenizer_config\.json: key "chat_template" names no template/);
    await expect(found(config([{ name: "x" }]))).rejects.toThrow(/tokenizer_config\.json: key "chat_template" is /);
    await expect(found(config(7))).rejects.toThrow(/key "chat_template" is 7/);
  });
});
