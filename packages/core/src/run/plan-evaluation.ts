import { setImmediate } from "node:timers/promises";
import { type Benchmark, promptTexts, type Prompt, type Question } from "../contracts/benchmark.ts";
import type { AnsweringShape, ModelMemory } from "../contracts/memory.ts";
import type { Component } from "../contracts/model.ts";
import type { Wording } from "../contracts/wording.ts";
import { EVALUATOR } from "../scope/token.ts";
import { CHARACTERS_PER_IMAGE, largest } from "./largest.ts";
import { parametersWith } from "./plan-training.ts";
import type { StageCheckContext } from "./stage.ts";
import type { Change, StageNeeds } from "./stage-needs.ts";

/**
 * Predicts the memory for the longest prompts of an evaluation. Returns undefined for a model that does not report its
 * needs.
 */
export async function planEvaluation(
  protocolOf: (benchmark: Benchmark) => string,
  { scope, model, benchmarks, adapterBefore: adapter, wording, signal }: StageCheckContext,
): Promise<StageNeeds | undefined> {
  if (!model?.memory || !wording) return undefined;
  const { memory } = model;
  const most = scope.get(EVALUATOR).batchSize ?? memory.batchSize;
  let questions = 0;
  const shapes: AnsweringShape[] = [];
  for (const benchmark of benchmarks) {
    const asked = { benchmark, protocol: protocolOf(benchmark), wording };
    const found = await longestPrompt(asked, memory, signal);
    questions += found.questions;
    const rows = Math.max(1, Math.min(most, found.questions));
    const { length, images, newTokens } = found;
    shapes.push({
      rows,
      length,
      images: rows * images,
      newTokens,
      weightFormat: memory.weightFormat,
      ...(adapter && { adapter }),
    });
  }
  const needed = shapes.map((shape) => ({ shape, memory: memory.answering(shape) }));
  const [greatest] = needed.toSorted((left, right) => right.memory.total - left.memory.total);
  if (!greatest) return undefined;
  const parameters = parametersWith(adapter, model);
  const components: readonly Component[] = ["language", "projector", "vision", "adapter"];
  return {
    parameters: { trained: 0, frozen: components.reduce((sum, component) => sum + (parameters[component] ?? 0), 0) },
    answering: { shape: greatest.shape, questions },
    memory: greatest.memory,
    changes: () => answeringChanges(greatest.shape, memory),
  };
}

interface Asked {
  readonly benchmark: Benchmark;
  readonly protocol: string;
  readonly wording: Wording;
}

interface LongestPrompt extends Pick<AnsweringShape, "length" | "images" | "newTokens"> {
  readonly questions: number;
}

async function longestPrompt(
  { benchmark, protocol: name, wording }: Asked,
  memory: ModelMemory,
  signal: AbortSignal | undefined,
): Promise<LongestPrompt> {
  const protocol = benchmark.protocol(name);
  const examples = await benchmark.open(signal ? { signal } : {});
  const promptOf = (question: Question): Prompt => protocol.prompt(question, wording);
  const sizeOf = (question: Question): number =>
    promptTexts(promptOf(question)).reduce((sum, text) => sum + text.length, 0) +
    CHARACTERS_PER_IMAGE * question.images.length;
  let [length, images] = [1, 0];
  for (const question of await largest(examples, { sizeOf, signal })) {
    await setImmediate();
    signal?.throwIfAborted();
    length = Math.max(length, memory.promptLength(promptOf(question), question.images.length));
    images = Math.max(images, question.images.length);
  }
  return { length, images, newTokens: protocol.maximumNewTokens, questions: examples.length };
}

/** Returns the memory required with smaller batches and smaller weight formats, fewest changes first. */
function answeringChanges(shape: AnsweringShape, memory: ModelMemory): readonly Change[] {
  const { weightFormats } = memory;
  const change = (settings: readonly string[], changed: Partial<AnsweringShape>): Change => ({
    settings,
    memory: memory.answering({ ...shape, ...changed }),
  });
  const perRow = shape.images / shape.rows;
  const smaller = [...new Set([Math.floor(shape.rows / 4), 1])].filter((rows) => rows > 0 && rows < shape.rows);
  const batches = smaller.map((rows) => ({ setting: `batchSize: ${rows}`, rows, images: rows * perRow }));
  const formats = weightFormats.slice(weightFormats.indexOf(shape.weightFormat) + 1);
  return [
    ...batches.map(({ setting, ...made }) => change([setting], made)),
    ...formats.map((weightFormat) => change([`weightFormat: "${weightFormat}"`], { weightFormat })),
    ...formats.flatMap((weightFormat) =>
      batches.map(({ setting, ...made }) =>
        change([`weightFormat: "${weightFormat}"`, setting], { ...made, weightFormat }),
      ),
    ),
  ];
}
