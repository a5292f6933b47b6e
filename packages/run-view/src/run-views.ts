import type { Run } from "@mlan/core";
import { mostDeviceUse } from "./device-use.ts";
import type { LoadedRun } from "./loaded-run.ts";
import type { RunView, StageView } from "./view.ts";

export function runViewOf({ id, name, folder, seed, state, problem, run }: LoadedRun): RunView {
  return {
    id,
    name,
    folder,
    ...(run && { created: run.manifest.created }),
    seed,
    state,
    ...(problem !== undefined && { problem }),
    stages: run ? stagesOf(run) : [],
  };
}

function stagesOf({ manifest, metrics }: Run): readonly StageView[] {
  return manifest.plan.stages.map(({ name, kind }) => {
    const status = manifest.stages[name];
    const steps = metrics.filter(({ stage }) => stage === name);
    const last = steps.at(-1);
    const device = mostDeviceUse(steps.map((step) => step.device));
    return {
      name,
      kind,
      state: status === undefined ? "not started" : status.done ? "done" : "started",
      ...(last && { progress: { step: last.step, steps: last.steps } }),
      ...(device && { device }),
    };
  });
}
