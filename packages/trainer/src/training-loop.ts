import { setImmediate } from "node:timers/promises";
import {
  type Compute,
  counted,
  deriveSeed,
  formatFor,
  type Learning,
  MlanError,
  type StepEndEvent,
  type TrainableModel,
  type TrainEvent,
  type TrainingRecipe,
  type TrainRun,
} from "@mlan/core";
import { supportsMoments } from "@mlan/fused-ops";
import * as tf from "@tensorflow/tfjs-core";
import { checkSchedule } from "./check-schedule.ts";
import { checkpointsIn } from "./checkpoint.ts";
import { learningRateFactor } from "./learning-rate.ts";
import { createOptimizer } from "./optimizer.ts";
import { checkRecipe } from "./recipe-schema.ts";
import { computeStep } from "./step.ts";
import { type StepFunctions, stepFunctions, type StepNumbers } from "./step-functions.ts";
import { type TrainingPlan, trainingPlan } from "./training-plan.ts";
import { openTrainingSet, type TrainingSet } from "./training-set.ts";
import { dependenciesOf } from "./training-state.ts";

export interface TrainingLoopSettings {
  /** An open compute plugin. */
  readonly compute: Compute;
  readonly gradientCheckpointing: boolean;
}

/**
 * Trains one stage on the current tensor backend. If the caller leaves the loop with `break` or aborts training, a
 * checkpoint of the last finished step is saved.
 */
export async function* trainingLoop(
  given: TrainRun,
  settings: TrainingLoopSettings,
): AsyncGenerator<TrainEvent, void, undefined> {
  const { model, seed, signal } = given;
  const checked = checkRecipe(given.recipe);
  signal?.throwIfAborted();
  const format = formatFor(checked.format, model);
  const recipe = { ...checked, format };
  const run = { ...given, recipe };
  const { templateFingerprint: before } = model;
  const { template: learned } = model.format;
  model.setFormat(format);
  const otherTemplate = templateWarnings({ name: learned, fingerprint: before }, model);
  adapt(run);
  checkTrained(run);
  checkMoments(recipe);
  const set = await openTrainingSet(run);
  const plan = trainingPlan({ set, recipe, seed });
  const warnings = [...otherTemplate, ...checkSchedule(recipe, plan.steps), ...supervisionWarnings(set, plan)];
  const depends = dependenciesOf(run, set, plan);
  const checkpoints = checkpointsIn(run.folder, { plan, depends });
  const learning = model.learn(recipe.trained);
  const { parameters } = learning;
  const optimizer = createOptimizer(parameters, recipe);
  const now: StepNumbers = { factor: 0, step: 0 };
  const byRow = set.datasets !== undefined;
  const functions = stepFunctions({ model, recipe, parameters, optimizer, now, byRow, ...settings });
  let saveStep: (() => Promise<URL>) | undefined;
  try {
    const resumed = await checkpoints.resume({ model, optimizer });
    const stepsDone = resumed?.stepsDone ?? 0;
    let folder = resumed?.folder ?? run.folder;
    // Incomplete after resuming from a checkpoint of an earlier version without history.
    const history = [...(resumed?.history ?? [])];
    const hasHistory = history.length === stepsDone;
    const { steps } = plan;
    // Resets the counts, so that loading weights is not counted for the first step.
    settings.compute.usage?.();
    yield {
      type: "train-start",
      stepsDone,
      steps,
      dataFingerprint: set.fingerprint,
      unsupervised: set.unsupervised,
      ...(hasHistory && { history: [...history] }),
      warnings: [...warnings, ...(resumed?.warnings ?? [])],
    };
    for (let step = stepsDone + 1; step <= steps; step++) {
      const outcome = await takeStep(step, { run, set, plan, learning, functions, now, settings });
      const device = settings.compute.usage?.();
      const event = { ...outcome, ...(device && { device }) };
      history.push(event);
      saveStep = () => checkpoints.save(step, history, { model, optimizer });
      yield event;
      // Lets signals and timers run, even if nothing else in a step leaves the microtask queue.
      await setImmediate();
      if (step === steps || step % recipe.checkpointEvery === 0 || signal?.aborted) {
        folder = await saveStep();
        saveStep = undefined;
        yield { type: "checkpoint-saved", step, folder };
      }
      signal?.throwIfAborted();
    }
    yield { type: "train-end", steps, folder };
  } catch (error) {
    saveStep = undefined; // never save the weights of a failed step
    throw error;
  } finally {
    // `break` in the caller resumes here, from the last `yield`.
    try {
      await saveStep?.();
    } finally {
      functions.dispose();
      optimizer.dispose();
      learning.end();
    }
  }
}

/** Returns a warning if a model was trained with another conversation template before. */
function templateWarnings(
  before: { readonly name: string; readonly fingerprint: string | undefined },
  { format, templateFingerprint: now }: TrainableModel,
): readonly string[] {
  if (before.fingerprint === undefined || now === undefined || before.fingerprint === now) return [];
  const [learned, learns] = [`"${before.name}" (${before.fingerprint})`, `"${format.template}" (${now})`];
  return [`The model was trained with the template ${learned} before, and is now trained with ${learns}.`];
}

function supervisionWarnings({ misaligned }: TrainingSet, { withoutSupervision }: TrainingPlan): readonly string[] {
  const empty = `${withoutSupervision} micro-batches have no supervised position. Their weight is 0; in the original code their loss is NaN.`;
  const misread = `In ${counted(misaligned.length, "conversation")}, the supervised text is not exactly the answers: ${misaligned.slice(0, SHOWN).join("; ")}.`;
  return [...(withoutSupervision > 0 ? [empty] : []), ...(misaligned.length > 0 ? [misread] : [])];
}

/** Number of conversations that a warning names. */
const SHOWN = 3;

interface StepContext {
  readonly run: TrainRun;
  readonly set: TrainingSet;
  readonly plan: TrainingPlan;
  readonly learning: Learning;
  readonly functions: StepFunctions;
  readonly now: StepNumbers;
  readonly settings: TrainingLoopSettings;
}

async function takeStep(step: number, context: StepContext): Promise<StepEndEvent> {
  const { run, set, plan, learning, functions, now } = context;
  const { gradientCheckpointing } = context.settings;
  const { model, recipe } = run;
  const { steps } = plan;
  const start = performance.now();
  const factor = learningRateFactor(step - 1, steps, recipe.warmupRatio);
  const learningRate = recipe.learningRate * factor;
  Object.assign(now, { factor, step });
  const options = { step, model, set, recipe, parameters: learning.parameters, functions, gradientCheckpointing };
  const outcome = await computeStep(plan.step(step - 1), options);
  return { type: "step-end", step, steps, learningRate, ...outcome, seconds: (performance.now() - start) / 1000 };
}

/**
 * Adds the recipe's adapter to the model. Throws `invalid-options` for a model that supports no adapters, or not one
 * with these options.
 */
function adapt({ model, recipe: { adapter }, seed }: TrainRun): void {
  if (!adapter) return;
  if (model.adapt) return model.adapt(adapter, { seed: deriveSeed(seed, "adapter") });
  throw new MlanError(
    "invalid-options",
    `trainer: ${model.name} does not support adapters. Train its language model instead, without \`adapter\`.`,
  );
}

function checkMoments({ momentPrecision = "float32" }: TrainingRecipe): void {
  if (supportsMoments(momentPrecision)) return;
  throw new MlanError(
    "invalid-options",
    `trainer: the backend ${tf.getBackend()} has no update for moments in ${momentPrecision}. Remove momentPrecision from the ` +
      "recipe, or train with onnx() on the CPU.",
  );
}

function checkTrained({ model, recipe }: TrainRun): void {
  const parameters = model.parameters();
  for (const component of recipe.trained) {
    if (parameters.some((parameter) => parameter.component === component)) continue;
    throw new MlanError(
      "invalid-options",
      `trainer: ${model.name} has no parameters in "${component}", which the recipe trains. Remove it from \`trained\`.`,
    );
  }
}
