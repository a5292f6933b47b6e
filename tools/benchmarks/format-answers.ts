import { onnx } from "@mlan/backend-onnx";
import { type Benchmark, createScope, EVALUATOR, type Evaluator, type Model, MODEL, type Plugin } from "@mlan/core";
import type { ComparedResult } from "@mlan/eval-compare";
import { llama2 } from "@mlan/model-llama2";

export type WeightFormat = "float32" | "int8" | "int4";

export interface FormatQuestions {
  /** A folder to which the rounded weights are written. */
  readonly weights: URL;
  readonly visionTower?: URL;
  readonly benchmarks: readonly Benchmark[];
  readonly protocol: string;
  readonly evaluator: Plugin<Evaluator>;
  /** Default: ONNX Runtime's. */
  readonly threads?: number;
}

/** The answers to one benchmark. */
export interface FormatAnswers extends ComparedResult {
  /** Whole answers by question id, before anything is extracted from them. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Asks all benchmarks a model whose weights are in a format. */
export async function answersInFormat(
  weightFormat: WeightFormat,
  { weights, visionTower, benchmarks, protocol, evaluator, threads }: FormatQuestions,
): Promise<readonly FormatAnswers[]> {
  const backbone = llama2({ weights, weightFormat, ...(visionTower && { visionTower }) });
  await using scope = createScope([backbone, onnx(threads === undefined ? {} : { threads }), evaluator]);
  const model = await scope.get(MODEL).open({ seed: 3 });
  try {
    const all: FormatAnswers[] = [];
    for (const benchmark of benchmarks)
      all.push(await answersTo(benchmark, { model, protocol, evaluator: scope.get(EVALUATOR), label: weightFormat }));
    return all;
  } finally {
    model.dispose();
  }
}

interface Asked {
  readonly model: Model;
  readonly protocol: string;
  readonly evaluator: Evaluator;
  readonly label: string;
}

async function answersTo(benchmark: Benchmark, { model, protocol, evaluator, label }: Asked): Promise<FormatAnswers> {
  const answers: ComparedResult["answers"][number][] = [];
  const texts = new Map<string, string>();
  for await (const event of evaluator.evaluate({ model, benchmark, protocol })) {
    if (event.type === "question-answered") {
      answers.push(event.answer);
      texts.set(event.answer.id, event.answer.answer);
    }
    if (event.type === "evaluate-end")
      return { benchmark: benchmark.name, protocol, fingerprints: event.result.fingerprints, answers, label, texts };
  }
  throw new Error(`The evaluation of ${benchmark.name} has no end.`);
}

export interface EqualAnswers {
  readonly equal: number;
  readonly questions: number;
  /** Ids of the questions whose answers differ. */
  readonly different: readonly string[];
}

/** Counts the questions that have the same answer in both. */
export function equalAnswers(one: FormatAnswers, other: FormatAnswers): EqualAnswers {
  const different = [...one.texts].filter(([id, text]) => other.texts.get(id) !== text).map(([id]) => id);
  return { equal: one.texts.size - different.length, questions: one.texts.size, different };
}
