import { type Generation, type GenerationRequest, type ImageReference, MlanError, type Prompt } from "@mlan/core";
import { type LlavaModel, loadTokenizer } from "@mlan/model-llava";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { answersOf } from "./answers-of.ts";
import { openDistinctModel } from "./opened-models.ts";
import { raw, request } from "./requests.ts";
import { plainImage, scratchLlava, tinySource, weightOf } from "./tiny-llava.ts";

const scratch = await scratchLlava();
let model: LlavaModel;
beforeAll(async () => {
  model = await openDistinctModel(scratch);
});
afterAll(() => model.dispose());

describe("generation", () => {
  it("answers what step-by-step scoring finds likeliest", async () => {
    const { text } = await answer({ prompt: raw("abc"), maximumNewTokens: 3 });
    const letters = [..."abcdefghijklmnopqrstuvwxyz .,0123456789"];
    const own = await model.score([{ id: "own", prompt: raw("abc"), images: [], continuation: text }]);
    const others = await model.score(
      letters.map((letter) => ({ id: letter, prompt: raw("abc"), images: [], continuation: letter })),
    );
    const best = Math.max(...others.filter(({ tokens }) => tokens === 1).map(({ logProbability }) => logProbability));
    const [first] = await model.score([
      { id: "first", prompt: raw("abc"), images: [], continuation: [...text][0] ?? "" },
    ]);
    expect(own[0]!.tokens).toBeGreaterThan(0);
    expect(first!.logProbability).toBeGreaterThanOrEqual(best - 1e-4);
  });

  it("ends after a stop string, and keeps the text before it complete", async () => {
    const free = await answer({ prompt: raw("abc"), maximumNewTokens: 12 });
    const stop = free.text.slice(2, 4);
    const stopped = await answer({ prompt: raw("abc"), maximumNewTokens: 12, stop: ["never to be said", stop] });
    expect(stopped.finish).toBe("stop");
    expect(free.text.startsWith(stopped.text)).toBe(true);
    expect(stopped.text).toContain(stop);
    expect(stopped.text.length).toBeLessThan(free.text.length);
  });

  it("ends at the end-of-sequence token, which is not part of the text", async () => {
    const { text } = await answer({ prompt: raw("abc"), maximumNewTokens: 1 });
    const tokenizer = await loadTokenizer(scratch.backbone);
    const { endOfSequenceId, vocabularySize } = tokenizer;
    const ids = Array.from({ length: vocabularySize }, (_, id) => id);
    const likeliest = ids.filter((id) => tokenizer.decode([id]) === text);
    expect(likeliest).toHaveLength(1);
    const head = await weightOf(model, "lm_head.weight");
    const before = tf.tensor(head.values, [...head.shape]);
    // The answer's first token and the end-of-sequence token are swapped.
    const swapped = ids.map((id) =>
      id === endOfSequenceId ? likeliest[0]! : id === likeliest[0] ? endOfSequenceId : id,
    );
    head.set(tf.tidy(() => tf.gather(before, swapped).dataSync()));
    const ended = await answer({ prompt: raw("abc"), maximumNewTokens: 5 });
    head.set(head.values);
    before.dispose();
    expect(ended.finish).toBe("end-of-sequence");
    expect(ended.text).toBe("");
  });

  it("gives each request of a batch its own length", async () => {
    const requests = [1, 5, 3].map((maximumNewTokens) =>
      request({ id: `${maximumNewTokens}`, prompt: raw("abc"), maximumNewTokens }),
    );
    const all = await collect(requests);
    const longest = all.get("5")!;
    for (const { id, text, finish } of all.values()) {
      expect(finish).toBe("length");
      expect(longest.text.startsWith(text), id).toBe(true);
    }
    expect(all.get("1")!.text.length).toBeLessThan(all.get("3")!.text.length);
  });

  it("sees images: different pixels give different answers; counts their positions", async () => {
    const prompt: Prompt = { kind: "chat", user: "what is it?", answerStart: "it is " };
    const [red, blue, none] = await Promise.all(
      [[plainImage("red", "#f00")], [plainImage("blue", "#00f")], []].map((images) =>
        answer({ prompt, images, maximumNewTokens: 8 }),
      ),
    );
    expect(red!.text).not.toBe(blue!.text);
    // An image is four patches.
    expect(red!.promptLength).toBe(blue!.promptLength);
    expect(red!.promptLength).toBe(none!.promptLength + 4);
  });

  it("reads an image that several requests share once", async () => {
    let reads = 0;
    const green = plainImage("green", "#0f0");
    const counted: ImageReference = { name: "green", read: () => (reads++, green.read()) };
    const prompt: Prompt = { kind: "chat", user: "what is it?", answerStart: "" };
    await collect(["a", "b", "c"].map((id) => request({ id, prompt, images: [counted], maximumNewTokens: 1 })));
    expect(reads).toBe(1);
  });

  it("refuses a text that is too long, or keeps its end if asked to, but never loses an image", async () => {
    const long = "a".repeat(1000);
    const tooLong = { prompt: raw(long), maximumNewTokens: 4 };
    await expect(answer(tooLong)).rejects.toThrow(/"only" has 1,001 positions; .* set longPrompts to "truncate"/);
    const asked = request({ id: "cut", ...tooLong });
    const [cut] = [...(await answersOf(model, [asked], { longPrompts: "truncate" })).values()];
    expect(cut).toMatchObject({ promptLength: 512 - 8, truncatedPositions: 1001 - (512 - 8) });
    const scored = [{ id: "scored", prompt: raw(long), images: [], continuation: "b" }];
    await expect(model.score(scored)).rejects.toThrow(/"scored" has 1,002 positions/);
    const [score] = await model.score(scored, { longPrompts: "truncate" });
    expect(score).toMatchObject({ tokens: 1, length: 512, truncatedPositions: 1002 - 513 });
    const images = [plainImage("red", "#f00")];
    await expect(answer({ prompt: { kind: "chat", user: long, answerStart: "" }, images })).rejects.toThrow(
      /"only" has 1,006 positions/,
    );
  });

  it("cuts prompts of the vision harness at their end: with images, everything after the format's maximum length", async () => {
    const { format } = model;
    const images = [plainImage("red", "#f00")];
    const ask = async (text: string): Promise<Generation> =>
      answer({
        prompt: { kind: "raw", text: `ab<image>${text}`, beginOfSequence: true, harness: "vision" },
        images,
        maximumNewTokens: 2,
      });
    try {
      model.setFormat({ ...format, maximumLength: 40 });
      const [cut, longer] = [await ask("the quick brown fox ".repeat(4)), await ask("the quick brown fox ".repeat(8))];
      expect(cut).toMatchObject({ promptLength: 40, text: longer.text });
      expect((await ask("the")).promptLength).toBeLessThan(40);
      // Even inside the positions of an image.
      model.setFormat({ ...format, maximumLength: 5 });
      expect((await ask("the")).promptLength).toBe(5);
      await expect(
        model.score([
          {
            id: "s",
            prompt: { kind: "raw", text: `<image>${"a".repeat(600)}`, beginOfSequence: true, harness: "vision" },
            images,
            continuation: "b",
          },
        ]),
      ).rejects.toThrow(/"s" has \d+ positions; the model reads 513/);
    } finally {
      model.setFormat(format);
    }
  });

  it("stops when it is aborted", async () => {
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    const answers = model.generate([request({ id: "a", prompt: raw("a") })], { signal: controller.signal });
    await expect(answers[Symbol.asyncIterator]().next()).rejects.toThrow("enough");
  });

  it("refuses images without a tower, and a prompt without a token", async () => {
    const reading = await tinySource(scratch.backbone).open();
    const asked = reading.generate([
      request({ id: "a", prompt: raw("<image>a"), images: [plainImage("red", "#f00")] }),
    ]);
    await expect(asked[Symbol.asyncIterator]().next()).rejects.toThrow(/"red" cannot be read/);
    reading.dispose();
    await expect(answer({ prompt: { kind: "raw", text: "", beginOfSequence: false } })).rejects.toThrow(
      /"only" is empty/,
    );
  });
});

describe("scores", () => {
  it("of a continuation in two parts add up", async () => {
    const [whole, first, second] = await model.score([
      { id: "whole", prompt: raw("abc"), images: [], continuation: "xyz" },
      { id: "first", prompt: raw("abc"), images: [], continuation: "x" },
      { id: "second", prompt: raw("abcx"), images: [], continuation: "yz" },
    ]);
    expect(whole!.tokens).toBe(first!.tokens + second!.tokens);
    expect(whole!.logProbability).toBeCloseTo(first!.logProbability + second!.logProbability, 3);
  });

  it("do not depend on the batch size", async () => {
    const requests = ["x", "a longer one", "yz", "0123456789", "q"].map((continuation) => ({
      id: continuation,
      prompt: raw("abc"),
      images: [],
      continuation,
    }));
    const [alone, together] = await Promise.all([1, 4].map((batchSize) => model.score(requests, { batchSize })));
    expect(together!.map(({ id }) => id)).toEqual(requests.map(({ id }) => id));
    alone!.forEach((score, index) => expect(together![index]!.logProbability).toBeCloseTo(score.logProbability, 3));
  });

  it("need a continuation, and a token before it", async () => {
    const score = (prompt: Prompt, continuation: string): Promise<unknown> =>
      model.score([{ id: "s", prompt, images: [], continuation }]);
    await expect(score(raw("abc"), "")).rejects.toThrow(/"s" cannot be scored: its continuation "" has 0 tokens/);
    await expect(score({ kind: "raw", text: "", beginOfSequence: false }, "a")).rejects.toThrow(/cannot be scored/);
  });
});

describe("logits that are not finite", () => {
  let broken: LlavaModel;
  beforeEach(async () => {
    broken = await tinySource(scratch.backbone, scratch.tower).open({ seed: 3 });
  });
  afterEach(() => broken.dispose());

  const errorsOf = async (): Promise<readonly unknown[]> => {
    const asked = ["first", "second"].map((id) => request({ id, prompt: raw(`abc ${id}`) }));
    const scored = asked.map(({ maximumNewTokens: _tokens, ...one }) => ({ ...one, continuation: "d" }));
    const answers = async (details: boolean): Promise<unknown> => {
      for await (const one of broken.generate(asked, { details })) expect(one).toBeUndefined();
      return undefined;
    };
    const caught = (run: Promise<unknown>): Promise<unknown> => run.catch((error: unknown) => error);
    return [await caught(answers(false)), await caught(answers(true)), await caught(broken.score(scored))];
  };

  it.each(["model.layers.1.mlp.up_proj.weight", "lm_head.weight"])("are an error that names %s", async (name) => {
    const weight = await weightOf(broken, name);
    weight.set(weight.values.with(7, NaN));
    for (const error of await errorsOf()) {
      expect(MlanError.is(error, "invalid-checkpoint")).toBe(true);
      expect(String(error)).toMatch(new RegExp(`"(first|second)" cannot be answered: tensor "${name}"`));
    }
  });

  it("are an error that names the request if all weights are finite", async () => {
    const head = await weightOf(broken, "lm_head.weight");
    head.set(head.values.map((value) => Math.sign(value) * 3e38));
    for (const error of await errorsOf()) {
      expect(MlanError.is(error, "invalid-data")).toBe(true);
      expect(String(error)).toMatch(/the logits of "(first|second)" are not finite although all weights are/);
    }
  });

  it("leave no tensors behind", async () => {
    const head = await weightOf(broken, "lm_head.weight");
    head.set(head.values.fill(NaN));
    await errorsOf();
    const before = tf.memory().numTensors;
    await errorsOf();
    expect(tf.memory().numTensors).toBe(before);
  });
});

async function answer(changes: Partial<GenerationRequest>): Promise<Generation> {
  const answers = await collect([request({ id: "only", ...changes })]);
  return answers.get("only")!;
}

function collect(requests: readonly GenerationRequest[]): Promise<ReadonlyMap<string, Generation>> {
  return answersOf(model, requests);
}
