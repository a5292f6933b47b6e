import { setImmediate } from "node:timers/promises";
import { type Compute, MlanError, type Learning, type StepEndEvent, type TrainEvent, type TrainRun } from "@mlan/core";
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

export interface TrainSettings {
  /** Open. */
  readonly compute: Compute;
  readonly lengthMultiple: number;
  readonly maximumLengths: number;
  readonly checkpointsKept: number;
  readonly gradientCheckpointing: boolean;
}

/**
 * The training loop of one stage, on the current tensor backend. A caller that stops by `break` leaves a checkpoint of
 * the last step, as an aborted training does.
 */
export async function* train(run: TrainRun, settings: TrainSettings): AsyncGenerator<TrainEvent, void, undefined> {
  const { model, seed, signal } = run;
  const recipe = checkRecipe(run.recipe);
  signal?.throwIfAborted();
  model.setFormat(recipe.format);
  checkTrained(run);
  const set = await openTrainingSet(run);
  const plan = trainingPlan({ set, recipe, seed, ...settings });
  const warnings = [...checkSchedule(recipe, plan.steps), ...supervisionWarnings(set, plan)];
  const depends = dependenciesOf(run, set, plan);
  const checkpoints = checkpointsIn(run.folder, settings.checkpointsKept, { plan, depends });
  const learning = model.learn(recipe.trained);
  const { parameters } = learning;
  const optimizer = createOptimizer(parameters, recipe.weightDecay);
  const now: StepNumbers = { learningRate: 0, step: 0 };
  const functions = stepFunctions({ model, recipe, parameters, optimizer, now, ...settings });
  let saveStep: (() => Promise<URL>) | undefined;
  try {
    const resumed = await checkpoints.resume({ model, optimizer });
    const stepsDone = resumed?.stepsDone ?? 0;
    let folder = resumed?.folder ?? run.folder;
    // Without the steps that a checkpoint of an earlier version does not have.
    const history = [...(resumed?.history ?? [])];
    const hasHistory = history.length === stepsDone;
    const { steps } = plan;
    // So that loading weights does not count for the first step.
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
      // Signals and timers get their turn even when nothing else in a step leaves the microtask queue.
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
    saveStep = undefined; // weights of a step that failed must not be saved
    throw error;
  } finally {
    // A loop that is left by `break` comes here from its last `yield`.
    try {
      await saveStep?.();
    } finally {
      functions.dispose();
      optimizer.dispose();
      learning.end();
    }
  }
}

function supervisionWarnings({ mislearned }: TrainingSet, { withoutSupervision }: TrainingPlan): readonly string[] {
  const empty = `${withoutSupervision} micro-batches have no supervised position. The original code's loss is NaN there; here they count for nothing.`;
  const misread = `Of ${mislearned.length} of the conversations something else than their answers is learned: ${mislearned.slice(0, SHOWN).join("; ")}.`;
  return [...(withoutSupervision > 0 ? [empty] : []), ...(mislearned.length > 0 ? [misread] : [])];
}

/** Conversations that a warning names. */
const SHOWN = 3;

interface StepContext {
  readonly run: TrainRun;
  readonly set: TrainingSet;
  readonly plan: TrainingPlan;
  readonly learning: Learning;
  readonly functions: StepFunctions;
  readonly now: StepNumbers;
  readonly settings: TrainSettings;
}

async function takeStep(step: number, context: StepContext): Promise<StepEndEvent> {
  const { run, set, plan, learning, functions, now } = context;
  const { gradientCheckpointing } = context.settings;
  const { model, recipe } = run;
  const { steps } = plan;
  const start = performance.now();
  const learningRate = recipe.learningRate * learningRateFactor(step - 1, steps, recipe.warmupRatio);
  Object.assign(now, { learningRate, step });
  const options = { step, model, set, recipe, parameters: learning.parameters, functions, gradientCheckpointing };
  const outcome = await computeStep(plan.step(step - 1), options);
  return { type: "step-end", step, steps, learningRate, ...outcome, seconds: (performance.now() - start) / 1000 };
}

function checkTrained({ model, recipe }: TrainRun): void {
  const parameters = model.parameters();
  for (const component of recipe.trained) {
    if (parameters.some((parameter) => parameter.component === component)) continue;
    throw new MlanError(
      "invalid-options",
      `trainer: ${model.name} has no parameters in "${component}", which the recipe trains. Take it out of \`trained\`.`,
    );
  }
}
