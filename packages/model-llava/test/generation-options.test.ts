import {
  type Generation,
  type GenerationOptions,
  type GenerationRequest,
  MlanError,
  type Prompt,
  streamAnswer,
} from "@mlan/core";
import { type LlavaModel, loadTokenizer } from "@mlan/model-llava";
import { answersOf } from "./answers-of.ts";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDistinctModel } from "./opened-models.ts";
import { raw, request } from "./requests.ts";
import { plainImage, scratchLlava } from "./tiny-llava.ts";

const scratch = await scratchLlava();
const tokenizer = await loadTokenizer(scratch.backbone);
let model: LlavaModel;
beforeAll(async () => {
  model = await openDistinctModel(scratch);
});
afterAll(() => model.dispose());

const SAMPLED = { temperature: 1.3, topP: 0.95 };

describe("sampled answers", () => {
  const requests = ["abc", "a longer prompt than that", "x", "0123"].flatMap((text) =>
    [1, 2].map((seed) => request({ id: `${text} ${seed}`, prompt: raw(text), sampling: { ...SAMPLED, seed } })),
  );

  it("depend on seed and request, not on other requests in the batch", async () => {
    const together = await answersOf(model, requests);
    expect(new Set([...together.values()].map(({ text }) => text)).size).toBe(requests.length);
    for (const one of requests) {
      const beside = [one, request({ id: "greedy", prompt: raw("beside it"), maximumNewTokens: 20 })];
      for (const asked of [[one], beside])
        expect((await answersOf(model, asked)).get(one.id)?.text).toBe(together.get(one.id)?.text);
      expect(together.get(one.id)?.seed).toBe(one.sampling?.seed);
    }
  });

  it("do not change greedy answers in the same batch", async () => {
    const greedy = request({ id: "greedy", prompt: raw("abc") });
    const alone = await answer(greedy);
    expect((await answersOf(model, [greedy, ...requests])).get("greedy")).toEqual(alone);
    expect(alone).not.toHaveProperty("seed");
    expect(await answer({ ...greedy, sampling: { temperature: 0 } })).toEqual(alone);
    expect(await answer({ ...greedy, sampling: { topK: 1, seed: 4 } })).toMatchObject({ text: alone.text, seed: 4 });
  });

  it("see images", async () => {
    const prompt: Prompt = { kind: "chat", user: "what is it?", answerStart: "" };
    const [red, again, blue] = await Promise.all(
      ["#f00", "#f00", "#00f"].map((color) =>
        answer({ prompt, images: [plainImage(color, color)], sampling: { ...SAMPLED, seed: 7 } }),
      ),
    );
    expect(red?.text).toBe(again?.text);
    expect(red?.text).not.toBe(blue?.text);
  });

  it("leave no tensors behind", async () => {
    await answersOf(model, requests);
    const before = tf.memory().numTensors;
    await answersOf(model, requests);
    expect(tf.memory().numTensors).toBe(before);
  });
});

it("a repetition penalty changes a repetitive answer", async () => {
  const { tokens = [] } = await answer({ maximumNewTokens: 40 }, { details: true });
  const penalised = await answer({ maximumNewTokens: 40, repetitionPenalty: 1.8 }, { details: true });
  expect(new Set(penalised.tokens).size).toBeGreaterThan(new Set(tokens).size);
});

it("a stop token ends an answer and is not part of the text", async () => {
  const { tokens = [] } = await answer({ maximumNewTokens: 8 }, { details: true });
  const stopToken = tokens.find((token, index) => index > 1 && tokens.indexOf(token) === index)!;
  const stopped = await answer({ maximumNewTokens: 8, stopTokens: [stopToken] }, { details: true });
  const before = tokens.slice(0, tokens.indexOf(stopToken));
  expect(stopped).toMatchObject({
    finish: "stop",
    tokens: [...before, stopToken],
    newTokens: before.length + 1,
    text: tokenizer.decode(before),
  });
});

describe("log-probabilities", () => {
  it("add up to the score of the answer, and name the likeliest tokens", async () => {
    const found = await answer({ maximumNewTokens: 5, logProbabilities: 3 });
    const described = found.logProbabilities ?? [];
    expect(described).toHaveLength(5);
    for (const { token, text, logProbability, likeliest } of described) {
      expect(likeliest).toHaveLength(3);
      expect(likeliest[0]).toEqual({ token, text, logProbability });
      const all = likeliest.map((one) => one.logProbability);
      expect(all).toEqual(all.toSorted((one, other) => other - one));
    }
    const [score] = await model.score([{ id: "s", prompt: raw("abc"), images: [], continuation: found.text }]);
    if (score?.tokens === 5) {
      const sum = described.reduce((total, one) => total + one.logProbability, 0);
      expect(sum).toBeCloseTo(score.logProbability, 3);
    }
    expect(
      described
        .map(({ text }) => text)
        .join("")
        .trimStart(),
    ).toBe(found.text);
  });

  it("of a sampled answer are those of the drawn tokens, before sampling changes them", async () => {
    const sampling = { temperature: 3, seed: 2 };
    const { logProbabilities = [], tokens } = await answer({ sampling, logProbabilities: 1 }, { details: true });
    expect(logProbabilities.map(({ token }) => token)).toEqual(tokens);
    expect(logProbabilities.some(({ token, likeliest }) => token !== likeliest[0]?.token)).toBe(true);
    for (const { logProbability, likeliest } of logProbabilities)
      expect(logProbability).toBeLessThanOrEqual(likeliest[0]?.logProbability ?? NaN);
    const greedy = await answer({ maximumNewTokens: 1, logProbabilities: 1 });
    expect(logProbabilities[0]?.likeliest[0]?.logProbability).toBeCloseTo(
      greedy.logProbabilities?.[0]?.logProbability ?? NaN,
      4,
    );
  });

  it("are absent when not asked for, and of the generated token alone with 0", async () => {
    expect(await answer({})).not.toHaveProperty("logProbabilities");
    const { logProbabilities } = await answer({ logProbabilities: 0 });
    expect(logProbabilities?.map(({ likeliest }) => likeliest)).toEqual([[], [], [], []]);
  });
});

describe("streamed text", () => {
  it("comes in pieces while the answer goes on, with log-probabilities", async () => {
    const whole = await answer({ maximumNewTokens: 12, logProbabilities: 1 });
    const streamed = await streamed12({ logProbabilities: 1 });
    expect(streamed.pieces.filter(({ text }) => text !== "").length).toBeGreaterThan(4);
    expect(streamed.pieces.map(({ text }) => text).join("")).toBe(whole.text);
    expect(streamed.pieces.flatMap(({ logProbabilities = [] }) => logProbabilities)).toEqual(whole.logProbabilities);
    expect(streamed.result).toEqual(whole);
  });

  it("ends before a stop string", async () => {
    const free = await answer({ maximumNewTokens: 12 });
    const stop = free.text.slice(3, 6);
    const { pieces, result } = await streamed12({ stop: [stop] });
    expect(pieces.map(({ text }) => text).join("")).toBe(free.text.slice(0, free.text.indexOf(stop)));
    expect(result.finish).toBe("stop");
    expect(result.text).toContain(stop);
  });

  it("ends the answer when the reader stops, and tensors are freed", async () => {
    await streamed12({});
    const before = tf.memory().numTensors;
    let read = 0;
    for await (const _ of streamAnswer(model, request({ id: "left", maximumNewTokens: 400 }))) if (++read === 2) break;
    expect(read).toBe(2);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("throws what the model throws", async () => {
    const prompt = raw("a".repeat(1000));
    await expect(streamAnswer(model, request({ id: "long", prompt })).next()).rejects.toThrow(
      /"long" has 1,001 positions/,
    );
  });

  async function streamed12(changes: Partial<GenerationRequest>) {
    const stream = streamAnswer(model, request({ id: "only", maximumNewTokens: 12, ...changes }));
    const pieces = [];
    for (;;) {
      const { done, value } = await stream.next();
      if (done) return { pieces, result: value };
      pieces.push(value);
    }
  }
});

it("the signal of one answer ends only that answer, while others continue", async () => {
  const controller = new AbortController();
  const counts = new Map<string, number>();
  const answers = await answersOf(
    model,
    [
      request({ id: "ended", maximumNewTokens: 40, signal: controller.signal }),
      request({ id: "whole", prompt: raw("xyz"), maximumNewTokens: 40 }),
    ],
    {
      onText: ({ id }) => {
        counts.set(id, (counts.get(id) ?? 0) + 1);
        if (counts.get("ended") === 3) controller.abort();
      },
    },
  );
  expect(answers.get("ended")?.finish).toBe("aborted");
  const alone = await answer({ id: "whole", prompt: raw("xyz"), maximumNewTokens: 40 });
  expect(answers.get("whole")?.text).toBe(alone.text);
  // Not every token completes a character.
  expect(answers.get("ended")?.newTokens).toBeLessThan(20);
});

it("a call's signal is heard while it computes", async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("enough")), 1);
  const asked = answersOf(model, [request({ id: "a", maximumNewTokens: 400 })], {
    signal: controller.signal,
    onText: () => {},
  });
  await expect(asked).rejects.toThrow("enough");
});

describe("an invalid option is refused by name:", () => {
  it.each<[Partial<GenerationRequest>, string]>([
    [{ maximumNewTokens: -1 }, 'maximumNewTokens of request "only" is -1; it must be a whole number, 0 or more'],
    [{ maximumNewTokens: 2.5 }, 'maximumNewTokens of request "only" is 2.5'],
    [{ sampling: { temperature: -0.1 } }, 'temperature of request "only" is -0.1; it must be a number, 0 or more'],
    [{ sampling: { temperature: NaN } }, 'temperature of request "only" is NaN'],
    [{ sampling: { topK: 0 } }, 'topK of request "only" is 0; it must be a whole number, 1 or more'],
    [{ sampling: { topP: 1.5 } }, 'topP of request "only" is 1.5; it must be a number from 0 to 1'],
    [{ sampling: { minP: -1 } }, 'minP of request "only" is -1'],
    [{ sampling: { seed: 0.5 } }, 'seed of request "only" is 0.5; it must be a whole number'],
    [{ repetitionPenalty: 0 }, 'repetitionPenalty of request "only" is 0; it must be greater than 0'],
    [{ logProbabilities: -2 }, 'logProbabilities of request "only" is -2'],
    [{ stop: ["a", ""] }, 'stop of request "only" is ""; it must be a list of non-empty strings'],
    [{ stop: JSON.parse('"END"') }, 'stop of request "only" is "END"; it must be a list of non-empty strings'],
    [{ stop: [JSON.parse("7")] }, 'stop of request "only" is 7; it must be a list of non-empty strings'],
    [{ stopTokens: [1.5] }, 'stopTokens of request "only" is 1.5; it must be a list of token ids'],
    [{ stopTokens: JSON.parse("2") }, 'stopTokens of request "only" is 2; it must be a list of token ids'],
    [
      { maximumNewTokens: 512 },
      'maximumNewTokens of request "only" is 512, which leaves no room for a prompt: the model reads 512',
    ],
  ])("%o", async (changes, sentence) => {
    const error: unknown = await answer(changes).catch((thrown: unknown) => thrown);
    expect(MlanError.is(error, "invalid-options")).toBe(true);
    expect(String(error)).toContain(sentence);
  });
});

async function answer(changes: Partial<GenerationRequest>, options?: GenerationOptions): Promise<Generation> {
  const asked = request({ id: "only", ...changes });
  return (await answersOf(model, [asked], options)).get(asked.id)!;
}
