import { readFile } from "node:fs/promises";
import { drawn, tokenChooser } from "#internal/answer/sampling/token-chooser.ts";
import { nthHighest, penalisedLogits, samplingProbabilities } from "#internal/answer/sampling/processed-logits.ts";
import { generatedToken } from "#internal/answer/sampling/token-log-probabilities.ts";
import { promptTensors, disposePromptTensors } from "#internal/batch/prompt-tensors.ts";
import { type AnswerFunctions, answerFunctions } from "#internal/network/answer-functions.ts";
import { decodeRows } from "#internal/network/decode-rows.ts";
import { useOnnxBackend } from "@mlan/backend-onnx";
import { type GenerationRequest, type Sampling, seededRandom } from "@mlan/core";
import { disposeNetwork, type LlavaNetwork } from "@mlan/model-llava";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixtureNetwork, largestError } from "./network-fixture.ts";
import { compute } from "./tiny-llava.ts";

/** Values from transformers, written by tools/fixtures/model_llava_sampling.py. */
interface Fixture {
  readonly prompt: readonly number[];
  readonly logits: readonly (readonly number[])[];
  readonly cases: readonly {
    readonly position: number;
    readonly options: Sampling & { readonly repetitionPenalty?: number };
    readonly probabilities: readonly number[];
  }[];
  readonly answers: readonly {
    readonly prompt: readonly number[];
    readonly repetitionPenalty: number;
    readonly tokens: readonly number[];
    readonly likeliest: readonly (readonly number[])[];
    readonly logProbabilities: readonly (readonly number[])[];
  }[];
}

const fixture: Fixture = JSON.parse(await readFile(new URL("fixtures/sampling.json", import.meta.url), "utf8"));

describe("sampling agrees with transformers", () => {
  it.each(fixture.cases)("on the probabilities of logits $position under $options", (one) => {
    const { repetitionPenalty = 1, ...sampling } = one.options;
    const logits = Float32Array.from(fixture.logits[one.position]!);
    const before = logits.slice();
    const found = samplingProbabilities(penalisedLogits(logits, fixture.prompt, repetitionPenalty), sampling);
    const wanted = Float64Array.from(one.probabilities);
    // transformers does not define which of equally likely tokens `topP` keeps.
    const isTied = one.position === 2 && sampling.topP !== undefined;
    const [actual, expected] = isTied ? [found.toSorted(), wanted.toSorted()] : [found, wanted];
    expect(largestError(actual, expected)).toBeLessThan(1e-5);
    expect([...actual].map((value) => value > 0)).toEqual([...expected].map((value) => value > 0));
    expect(logits).toEqual(before);
  });

  it("a temperature too low for float32 leaves the likeliest token", () => {
    for (const values of [
      [-9, 3, 2.5, 3 - 1e-6],
      [-9, -3, -2.5, -9],
    ]) {
      const found = samplingProbabilities(Float32Array.from(values), { temperature: 1e-45 });
      const likeliest = values.indexOf(Math.max(...values));
      expect([...found]).toEqual(values.map((_, token) => (token === likeliest ? 1 : 0)));
    }
  });

  it("no penalty makes probabilities NaN", () => {
    for (const penalty of [1e-300, 1e300]) {
      const found = samplingProbabilities(penalisedLogits(Float32Array.of(2, -3, 1), [0, 1, 2], penalty), {});
      expect(found.reduce((sum, value) => sum + value)).toBeCloseTo(1);
    }
  });

  describe("on a network's answers", () => {
    let network: LlavaNetwork;
    let functions: AnswerFunctions;
    beforeAll(async () => {
      await useOnnxBackend();
      network = await fixtureNetwork();
      functions = answerFunctions(network, compute);
    });
    afterAll(() => {
      functions.dispose();
      disposeNetwork(network);
    });

    it("under a repetition penalty, and on the likeliest tokens with their log-probabilities", async () => {
      for (const { prompt, repetitionPenalty, tokens, likeliest, logProbabilities } of fixture.answers) {
        const chooser = tokenChooser({ ...asked, repetitionPenalty }, prompt)!;
        const prompts = promptTensors([{ symbols: Int32Array.from(prompt), start: 0 }], {
          rows: 1,
          length: 8,
          patches: 4,
        });
        const answer: number[] = [];
        await decodeRows(functions, {
          prompts,
          lengths: [prompt.length],
          maximumNewTokens: tokens.length,
          notFinite: async () => new Error("not finite"),
          readsLogits: () => true,
          take: (_, { logits, token: best }) => {
            const step = answer.length;
            const token = chooser.choose(logits!);
            answer.push(token);
            const described = generatedToken(logits!, token, 3, String);
            expect(described.likeliest.map((one) => one.token)).toEqual(likeliest[step]);
            expect(best).toBe(likeliest[step]![0]);
            const found = described.likeliest.map(({ logProbability }) => logProbability);
            expect(largestError(found, logProbabilities[step]!)).toBeLessThan(1e-4);
            return token;
          },
        });
        disposePromptTensors(prompts);
        expect(answer).toEqual(tokens);
      }
    });
  });
});

describe("drawn tokens", () => {
  const logits = Float32Array.from([1.2, 0.4, -0.3, 2, -1, 0.9, -0.2, 0.1]);

  it("have the distribution of their probabilities, with one seed and over seeds", () => {
    const sampling = { temperature: 0.9, topK: 7, topP: 0.97 };
    const probabilities = samplingProbabilities(logits.slice(), sampling);
    const random = seededRandom(5);
    const draws = 20_000;
    const withOneSeed = Array.from({ length: draws }, () => drawn(probabilities, random));
    const overSeeds = Array.from({ length: draws }, (_, seed) =>
      tokenChooser({ ...asked, sampling: { ...sampling, seed } }, [])!.choose(logits),
    );
    const oneAnswer = tokenChooser({ ...asked, sampling: { ...sampling, seed: 3 } }, [])!;
    const withinAnAnswer = Array.from({ length: draws }, () => oneAnswer.choose(logits));
    for (const tokens of [withOneSeed, overSeeds, withinAnAnswer]) {
      let statistic = 0;
      for (const [token, probability] of probabilities.entries()) {
        const found = tokens.filter((one) => one === token).length;
        if (probability === 0) expect(found).toBe(0);
        else statistic += (found - probability * draws) ** 2 / (probability * draws);
      }
      // The chi-square distribution with 6 degrees of freedom exceeds this once in 1000 times; here there are 6 or 5.
      expect(statistic).toBeLessThan(22.46);
    }
  });

  it("are the likeliest ones at temperature 0, for which no logits are read", () => {
    expect(tokenChooser({ ...asked, sampling: { temperature: 0, seed: 1 } }, [])).toBeUndefined();
    const penalised = tokenChooser({ ...asked, sampling: { temperature: 0 }, repetitionPenalty: 3 }, [3])!;
    expect(penalised.choose(logits)).toBe(0);
    expect(penalised.seed).toBeUndefined();
  });

  it("differ from one unseeded answer to the next, whose seeds repeat them", () => {
    const tokensOf = (sampling: Sampling): { readonly seed: number | undefined; readonly tokens: string } => {
      const chooser = tokenChooser({ ...asked, sampling }, [])!;
      return { seed: chooser.seed, tokens: Array.from({ length: 60 }, () => chooser.choose(logits)).join(" ") };
    };
    const [first, second] = [tokensOf({}), tokensOf({})];
    expect(first.tokens).not.toBe(second.tokens);
    expect(tokensOf({ seed: first.seed! }).tokens).toBe(first.tokens);
  });
});

const asked: GenerationRequest = {
  id: "asked",
  prompt: { kind: "raw", text: "", beginOfSequence: true },
  images: [],
  maximumNewTokens: 1,
};

describe("the nth highest logit", () => {
  it("equals that of all logits sorted", () => {
    const random = seededRandom(11);
    // Whole numbers, so that some are equal.
    const logits = Float32Array.from({ length: 700 }, () => random.below(900) - 450);
    const sorted = logits.toSorted();
    for (const count of [1, 2, 5, 50, 256, 257, 699]) expect(nthHighest(logits, count)).toBe(sorted[700 - count]);
    for (const count of [700, 701, 5000]) expect(nthHighest(logits, count)).toBe(-Infinity);
  });
});
