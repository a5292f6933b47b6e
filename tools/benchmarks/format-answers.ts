import { onnx } from "@mlan/backend-onnx";
import {
  type Benchmark,
  createScope,
  EVALUATOR,
  type Evaluator,
  type Generation,
  type Model,
  MODEL,
  type Plugin,
} from "@mlan/core";
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
  /** Tokens and margins of generated answers by question id; empty if choices are ranked. */
  readonly details: ReadonlyMap<string, Pick<Generation, "tokens" | "margins">>;
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
  const details = new Map<string, Pick<Generation, "tokens" | "margins">>();
  const detailed: Model = {
    ...model,
    async *generate(requests, options) {
      for await (const generation of model.generate(requests, { ...options, details: true })) {
        details.set(generation.id, generation);
        yield generation;
      }
    },
  };
  for await (const event of evaluator.evaluate({ model: detailed, benchmark, protocol })) {
    if (event.type === "question-answered") {
      answers.push(event.answer);
      texts.set(event.answer.id, event.answer.answer);
    }
    if (event.type === "evaluate-end") {
      const { fingerprints } = event.result;
      return { benchmark: benchmark.name, protocol, fingerprints, answers, label, texts, details };
    }
  }
  throw new Error(`The evaluation of ${benchmark.name} has no end.`);
}

export interface EqualAnswers {
  readonly equal: number;
  readonly questions: number;
  /** Ids of the questions whose answers differ. */
  readonly different: readonly string[];
  /**
   * For each generated answer that differs: the difference between the two highest logits of `one` at the first token
   * that differs.
   */
  readonly margins: readonly number[];
}

/** Counts the questions that have the same answer in both. */
export function equalAnswers(one: FormatAnswers, other: FormatAnswers): EqualAnswers {
  const different = [...one.texts].filter(([id, text]) => other.texts.get(id) !== text).map(([id]) => id);
  const margins = different.flatMap((id) => {
    const [{ tokens = [], margins: all = [] } = {}, { tokens: others = [] } = {}] = [one, other].map(({ details }) =>
      details.get(id),
    );
    return all[tokens.findIndex((token, place) => token !== others[place])] ?? [];
  });
  return { equal: one.texts.size - different.length, questions: one.texts.size, different, margins };
}
