import { readFile, rm } from "node:fs/promises";
import { MlanError } from "@mlan/core";
import { given, llama, plain, type Template, type Tokenizer, v1 } from "@mlan/model-llava";
import { llama2Template } from "#internal/templates/llama-2.ts";
import { templateFingerprint } from "#internal/templates/template-fingerprint.ts";
import { temporaryFolder } from "@mlan/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { changeJson, scratchLlava, tinySource } from "./tiny-llava.ts";
import { tinyJson, tokenizerOf } from "./tokenizer-folders.ts";

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await tokenizerOf(tinyJson, false);
});

describe("the fingerprint of a template", () => {
  const of = (template: Template): string | undefined => templateFingerprint(template, tokenizer);

  it("is short, another for each template, and none for one without conversations", () => {
    const all = [v1, llama2Template].map(of);
    for (const one of all) expect(one).toMatch(/^[0-9a-f]{16}$/);
    expect(new Set(all).size).toBe(all.length);
    expect(of(plain)).toBeUndefined();
  });

  it("does not change with the version of mlan: checkpoints name it", () => {
    expect([v1, llama2Template].map(of)).toEqual(["be5a3fb2e4caaa43", "a48f821051153f4c"]);
  });

  it("is that of what is written, not of the code that writes it", () => {
    expect(of({ ...v1, name: "other", fingerprint: "other" })).toBe(of(v1));
    expect(of({ ...v1, segments: (asked) => v1.segments(asked).flatMap(halves) })).toBe(of(v1));
  });

  // oxfmt-ignore
  it.each<[string, Partial<Template>]>([
    ["a text",                   { segments: (asked) => [...v1.segments(asked), given("!")] }],
    ["a prompt's text",          { promptSegments: (asked) => [...v1.promptSegments(asked), given(" ")] }],
    ["what is supervised",          { segments: (asked) => v1.segments(asked).map((segment) => ({ ...segment, supervised: true })) }],
    ["the place of an image",    { segments: (asked) => v1.segments(asked).toSorted((one) => ("token" in one && one.token === "image" ? -1 : 0)) }],
    ["the token of its end",     { answerEnd: "<s>" }],
    ["the token of its begin",   { beginOfSequence: false }],
  ])("changes with %s", (_what, change) => {
    expect(of({ ...v1, ...change })).not.toBe(of(v1));
  });

  it("changes with the ids of special tokens, and with nothing else of the tokenizer", () => {
    expect(templateFingerprint(v1, { ...tokenizer, endOfSequenceId: 7 })).not.toBe(of(v1));
    expect(templateFingerprint(v1, { ...tokenizer, beginOfSequenceId: undefined })).not.toBe(of(v1));
    expect(templateFingerprint(v1, { ...tokenizer, fingerprint: "other", vocabularySize: 9 })).toBe(of(v1));
  });
});

/** Splits a text into two segments, which the tokenizer encodes as one text. */
function halves(segment: ReturnType<Template["segments"]>[number]): ReturnType<Template["segments"]> {
  if (!("text" in segment)) return [segment];
  return [segment.text.slice(0, 2), segment.text.slice(2)].map((text) => ({ ...segment, text }));
}

describe("a checkpoint", async () => {
  const scratch = await scratchLlava();

  async function tuned(template = "v1"): Promise<{ readonly folder: URL; readonly fingerprint: string | undefined }> {
    const model = await tinySource(scratch.backbone, scratch.tower).open({ seed: 3 });
    model.setFormat({ ...model.format, template });
    const folder = scratch.fresh();
    await model.save(folder);
    const { templateFingerprint: fingerprint } = model;
    model.dispose();
    return { folder, fingerprint };
  }

  async function storedIn(folder: URL): Promise<unknown> {
    return JSON.parse(await readFile(new URL("config.json", folder), "utf8")).mlan_template_fingerprint;
  }

  /** Changes a folder to what an earlier version with a different v1 would have written. */
  async function changed(folder: URL): Promise<void> {
    await rm(new URL("checksums.json", folder));
    await changeJson(new URL("config.json", folder), { mlan_template_fingerprint: "0123456789abcdef" });
  }

  it.each(["v1", "llama_2"])("holds the fingerprint of %s, and is opened without a notice", async (template) => {
    const { folder, fingerprint } = await tuned(template);
    const own = await llama.tokenizer.load(folder);
    expect(fingerprint).toBe(templateFingerprint(template === "v1" ? v1 : llama2Template, own));
    expect(await storedIn(folder)).toBe(fingerprint);
    expect((await tinySource(folder).inspect()).notices).toEqual([]);
  });

  it("that has seen no conversation has none, and takes any template", async () => {
    const { folder } = await tuned("plain");
    expect(await storedIn(folder)).toBeUndefined();
    expect((await tinySource(folder, undefined, "llama_2").inspect()).notices).toEqual([]);
  });

  it("says that its template is written differently now, which loading refuses and exporting keeps", async () => {
    const { folder, fingerprint } = await tuned();
    await changed(folder);
    expect((await tinySource(folder).inspect()).notices).toEqual([
      expect.stringMatching(
        `was tuned with the template "v1" \\(0123456789abcdef\\), which now writes conversations differently \\(${fingerprint}\\): by`,
      ),
    ]);
    const model = await tinySource(scratch.backbone, scratch.tower).open({ seed: 3 });
    const loading = model.load(folder);
    await expect(loading).rejects.toSatisfy((error) => MlanError.is(error, "invalid-checkpoint"));
    await expect(loading).rejects.toThrow(/which now writes conversations differently/);
    expect(model.format.template).toBe("plain");
    model.dispose();
    const whole = temporaryFolder();
    await tinySource(folder).export(whole);
    expect(await storedIn(whole)).toBe("0123456789abcdef");
  });

  it("says that it is used with a template that differs from that of its tuning", async () => {
    const { folder } = await tuned();
    const { notices } = await tinySource(folder, undefined, "llama_2").inspect();
    expect(notices).toEqual([
      expect.stringMatching(
        /was tuned with the template "v1" \([0-9a-f]{16}\) and is used with "llama_2" \([0-9a-f]{16}\)$/,
      ),
    ]);
  });
});
