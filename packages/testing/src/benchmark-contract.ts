import {
  type Benchmark,
  chatWording,
  checkWording,
  IMAGE_PLACEHOLDER,
  MlanError,
  type Outcome,
  type Question,
  textWording,
} from "@mlan/core";
import { describe, expect, it } from "vitest";
import { WORDINGS } from "./wordings.ts";
import { type DatasetContractOptions, describeDatasetContract, sampled } from "./dataset-contract.ts";

/** The wordings of the models in arXiv 2411.10557, and two that no benchmark knows. */
const ALL_WORDINGS = [
  ...Object.values(WORDINGS),
  chatWording("unheard-of-chat"),
  textWording("unheard-of-base", "Q: ", "\nA: "),
];

/**
 * Declares the contract tests of benchmarks, for each protocol: prompts without side effects, readable targets, metrics
 * that reward correct answers.
 */
export function describeBenchmarkContract<Q extends Question>(
  benchmark: Benchmark<Q>,
  options: DatasetContractOptions = {},
): void {
  const questions = async (): Promise<readonly Q[]> => sampled(await benchmark.open(), options.sample ?? 20);
  describeDatasetContract(benchmark, options);

  it(`${benchmark.name} has protocols of distinct names, a default one, and no others`, () => {
    const { protocols } = benchmark;
    expect(new Set(protocols).size).toBe(protocols.length);
    expect(benchmark.protocol().name).toBe(protocols[0]);
    expect(() => benchmark.protocol("no such protocol")).toThrow(/no such protocol/);
  });

  describe.each(benchmark.protocols)(`${benchmark.name} keeps the benchmark contract, protocol %s`, (name) => {
    const protocol = benchmark.protocol(name);
    const [asked, refused] = [true, false].map((isAsked) =>
      ALL_WORDINGS.filter((wording) => (protocol.wordings?.includes(wording.name) ?? true) === isAsked),
    );
    const extractors = [protocol.extractor(), ...ALL_WORDINGS.map((wording) => protocol.extractor(wording.name))];
    const targetOf = (question: Q): string => protocol.target?.(question) ?? question.target;

    it("has its name, and a maximum length of answers", () => {
      expect(protocol.name).toBe(name);
      expect(protocol.version).toBeGreaterThanOrEqual(1);
      expect(protocol.maximumNewTokens).toBeGreaterThanOrEqual(1);
      expect(Object.keys(protocol.metrics).length).toBeGreaterThan(0);
    });

    it.each(asked ?? [])("asks the same way each time ($name), with a placeholder for every image", async (wording) => {
      for (const question of await questions()) {
        const prompt = protocol.prompt(question, wording);
        expect(protocol.prompt(question, wording)).toEqual(prompt);
        if (question.images.length === 0) continue;
        const text = prompt.kind === "raw" ? prompt.text : prompt.user;
        expect(text.split(IMAGE_PLACEHOLDER).length - 1, question.id).toBe(question.images.length);
      }
    });

    it("refuses a wording that it does not support", async () => {
      for (const wording of refused ?? []) {
        expect(() => checkWording(benchmark, name, wording.name)).toThrow(`with the wording "${wording.name}"`);
        for (const question of await questions()) {
          expect(() => protocol.prompt(question, wording), question.id).toThrow(MlanError);
        }
      }
    });

    it("reads the target from an answer that consists of it, and counts it as correct", async () => {
      for (const { extract, isCorrect } of extractors) {
        for (const question of await questions()) {
          const extracted = extract(targetOf(question), protocol.choices(question));
          expect(extracted, question.id).toBeDefined();
          expect(isCorrect(extracted ?? "", targetOf(question)), question.id).toBe(true);
        }
      }
    });

    it("never counts an answer without words as correct", async () => {
      for (const { extract, isCorrect } of extractors) {
        for (const question of await questions()) {
          const extracted = extract("", protocol.choices(question));
          expect(extracted !== undefined && isCorrect(extracted, targetOf(question)), question.id).toBe(false);
        }
      }
    });

    it("offers choices with distinct labels, including the target's", async () => {
      for (const question of await questions()) {
        const labels = protocol.choices(question).map(({ label }) => label);
        expect(new Set(labels).size, question.id).toBe(labels.length);
        if (labels.length > 0 && !protocol.allowsUnanswerable)
          expect(labels, question.id).toContain(targetOf(question));
      }
    });

    it("uses registered extractors only", () => {
      for (const extractor of extractors) expect(benchmark.extractors).toContain(extractor);
    });

    it("gives right answers a higher main score than wrong ones", async () => {
      const [headline] = Object.values(protocol.metrics);
      const outcomes = (await questions()).map((question) => ({ id: question.id, target: targetOf(question) }));
      const right: readonly Outcome[] = outcomes.map((outcome) => ({
        ...outcome,
        extracted: outcome.target,
        correct: true,
      }));
      const wrong: readonly Outcome[] = outcomes.map((outcome) => ({
        ...outcome,
        extracted: undefined,
        correct: false,
      }));
      expect(headline?.(right)).toBeGreaterThan(headline?.(wrong) ?? NaN);
    });
  });

  it(`${benchmark.name} registers extractors of distinct names and whole versions`, () => {
    const names = benchmark.extractors.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, version } of benchmark.extractors) expect(Number.isInteger(version), name).toBe(true);
  });
}
