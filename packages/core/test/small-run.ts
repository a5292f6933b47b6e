import { readFile, writeFile } from "node:fs/promises";
import {
  makeFolder,
  type Conversation,
  type Dataset,
  EVALUATOR,
  type Evaluator,
  type Plugin,
  type RunEvent,
  type StepEndEvent,
  type Trainer,
  TRAINER,
  type TrainingRecipe,
  writeChecksums,
} from "@mlan/core";
import * as tf from "@tensorflow/tfjs-core";

export const RECIPE: TrainingRecipe = {
  trained: ["language"],
  format: { template: "v1", imageAspectRatio: "pad", maximumLength: 64 },
  batchSize: 2,
  microBatchSize: 2,
  epochs: 1,
  learningRate: 0.1,
  warmupRatio: 0,
  weightDecay: 0,
  groupByModality: false,
  checkpointEvery: 1,
};

export interface AddingTrainerOptions {
  /** Dies before this step. */
  readonly diesAt?: number;
  /** Whether a resumed training reports the steps that were done before. */
  readonly tellsHistory?: boolean;
  /** Number of steps after which the training returns without its final event. */
  readonly stopsAfter?: number;
  readonly needsBytes?: number;
}

/** Creates a trainer with three steps. Each step adds one to every weight and saves a checkpoint. */
export function addingTrainer(options: AddingTrainerOptions = {}): Plugin<Trainer> {
  const { diesAt = Infinity, stopsAfter = Infinity, tellsHistory = false, needsBytes = 0 } = options;
  return {
    name: "adding-trainer",
    token: TRAINER,
    module: import.meta.url,
    create: () => ({
      specVersion: 1,
      name: "adding-trainer",
      check: () => ({ peakBytes: needsBytes, keptBytes: needsBytes }),
      async *train({ model, folder: checkpoints }) {
        const saved = new URL("step-3/", checkpoints);
        const history: StepEndEvent[] = await readFile(new URL("steps", saved), "utf8").then(JSON.parse, () => []);
        const stepsDone = history.length;
        if (stepsDone > 0) await model.load(saved);
        const told = tellsHistory ? { history: [...history] } : {};
        yield { type: "train-start", stepsDone, steps: 3, dataFingerprint: "data", unsupervised: [], ...told };
        for (let step = stepsDone + 1; step <= 3; step++) {
          if (step === diesAt) throw new Error("killed");
          if (step > stopsAfter) return;
          tf.tidy(() => {
            const learning = model.learn(["language", "projector"]);
            for (const { variable } of learning.parameters) variable.assign(tf.add(variable, 1));
            learning.end();
          });
          const event = stepEnd(step);
          history.push(event);
          await model.save(saved);
          await writeFile(new URL("steps", saved), JSON.stringify(history));
          await writeChecksums(saved);
          yield event;
          yield { type: "checkpoint-saved", step, folder: saved };
        }
        yield { type: "train-end", steps: 3, folder: saved };
      },
    }),
  };
}

function stepEnd(step: number): StepEndEvent {
  const counts = { text: 10, image: 0, padding: 2, supervised: 4 };
  return { type: "step-end", step, steps: 3, loss: 4 - step, learningRate: 0.1, counts, flops: 100, seconds: 0.5 };
}

/** The arguments with which an evaluator was called. */
export interface Told {
  readonly stage?: string;
  readonly weights?: string;
  readonly benchmark: string;
  /** Whether no answers were stored before. */
  readonly asked: boolean;
}

/**
 * Creates an evaluator that reports the first weight as the accuracy, and adds its arguments to `seen`. Its answer file
 * has one line.
 */
export function weightEvaluator(seen: Told[] = []): Plugin<Evaluator> {
  return {
    name: "weight-evaluator",
    token: EVALUATOR,
    create: () => ({
      specVersion: 1,
      name: "weight-evaluator",
      async *evaluate({ model, benchmark, protocol, stage, weights, answers = new URL("file:///dev/null") }) {
        const line = `${stage} ${benchmark.name}\n`;
        const asked = (await readFile(answers, "utf8").catch(() => "")).trimEnd() !== line.trimEnd();
        await makeFolder(new URL("./", answers));
        await writeFile(answers, line);
        const told = { ...(stage !== undefined && { stage }), ...(weights !== undefined && { weights }) };
        seen.push({ ...told, benchmark: benchmark.name, asked });
        yield { type: "evaluate-start", benchmark: benchmark.name, answered: asked ? 0 : 1, questions: 1 };
        const parameters = "parameters" in model && typeof model.parameters === "function" ? model.parameters() : [];
        const value = Math.round((await parameters[0]?.read())?.[0] ?? NaN);
        const result = {
          benchmark: benchmark.name,
          protocol,
          protocolVersion: 1,
          wording: model.wording.name,
          fingerprints: { questions: "q", prompts: "p", protocol: "r" },
          evaluator: "generation",
          extractor: { name: "strict", version: 1 },
          positions: asked ? { prompts: 10, computed: 10 } : { prompts: 0, computed: 0 },
          questions: 1,
          unreadable: 0,
          metrics: { accuracy: { value } },
          seconds: asked ? 1 : 0.001,
        };
        yield { type: "evaluate-end", result };
      },
    }),
  };
}

export function dataWithImage(name: string, image: Conversation["images"][number]): Dataset<Conversation> {
  const turns = [
    { role: "user", text: "<image>" },
    { role: "assistant", text: "a" },
  ] as const;
  return {
    specVersion: 1,
    name,
    card: { source: name, license: "CC0-1.0", modality: "image" },
    open: async () => ({ length: 1, fingerprint: "rows", at: async () => ({ id: "0", turns, images: [image] }) }),
  };
}

export async function all(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const found: RunEvent[] = [];
  for await (const event of events) found.push(event);
  return found;
}
