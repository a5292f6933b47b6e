import type { StepMetrics } from "@mlan/core";
import type { LoadedRun } from "./loaded-run.ts";
import { meanOf } from "./seed-spread.ts";
import type { CurvePoint, CurveView } from "./view.ts";

/** Maximum number of points per curve. More points would not be distinguishable in a plot. */
const MOST_POINTS = 400;

/** Returns the loss curves of a run's stages, in the order in which they were trained. */
export function curvesOf({ id, run }: LoadedRun): readonly CurveView[] {
  const metrics = run?.metrics ?? [];
  const stages = [...new Set(metrics.map(({ stage }) => stage))];
  return stages.flatMap((stage) => {
    const steps = metrics.filter((step) => step.stage === stage);
    const curve = (source: CurveSource, shown: readonly StepLoss[]): CurveView => ({
      run: id,
      stage,
      ...source,
      steps: steps.at(-1)?.steps ?? steps.length,
      firstLoss: Number(shown[0]?.loss),
      lastLoss: Number(shown.at(-1)?.loss),
      points: thinned(shown),
    });
    const datasets = byDataset(steps);
    if (datasets.size > 1 && steps.every(hasDatasets)) {
      const parts = [...datasets].map(([dataset, shown]) => curve({ source: "dataset", dataset }, shown));
      return [curve({ source: "all" }, steps), ...parts];
    }
    const text = steps.filter(({ counts }) => counts.image === 0);
    const image = steps.filter(({ counts }) => counts.image > 0);
    const isMixed = text.length > 0 && image.length > 0;
    return [
      curve({ source: "all" }, steps),
      ...(isMixed ? [curve({ source: "text" }, text), curve({ source: "image" }, image)] : []),
    ];
  });
}

/**
 * Returns the stages in which only some steps have losses by dataset, as when a later version of mlan resumed the
 * training of an earlier one. The curves of these stages are not divided by dataset.
 */
export function stagesPartlyByDataset(metrics: readonly StepMetrics[]): readonly string[] {
  const stages = [...new Set(metrics.map(({ stage }) => stage))];
  return stages.filter((stage) => {
    const steps = metrics.filter((step) => step.stage === stage);
    return steps.some(hasDatasets) && !steps.every(hasDatasets);
  });
}

function hasDatasets({ sources }: StepMetrics): boolean {
  return sources !== undefined;
}

type CurveSource = Pick<CurveView, "source" | "dataset">;
type StepLoss = Pick<StepMetrics, "step" | "loss">;

/**
 * Returns, for each dataset of a mixture in the order of names, the steps in which the dataset occurred, with the loss
 * of its conversations.
 */
function byDataset(steps: readonly StepMetrics[]): ReadonlyMap<string, readonly StepLoss[]> {
  const datasets = new Map<string, StepLoss[]>();
  for (const { step, sources } of steps) {
    for (const [dataset, found] of Object.entries(Object(sources))) {
      const own = datasets.get(dataset) ?? [];
      datasets.set(dataset, own);
      own.push({ step, loss: Number(Object(found).loss) });
    }
  }
  return new Map([...datasets].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** Returns at most {@link MOST_POINTS} points that keep the lowest and the highest loss of each range of steps. */
function thinned(steps: readonly StepLoss[]): readonly CurvePoint[] {
  const count = Math.min(steps.length, MOST_POINTS);
  return Array.from({ length: count }, (_, point) => {
    const range = steps.slice(
      Math.floor((point * steps.length) / count),
      Math.floor(((point + 1) * steps.length) / count),
    );
    const losses = range.map(({ loss }) => Number(loss));
    return {
      step: range.at(-1)?.step ?? NaN,
      loss: meanOf(losses),
      lowest: Math.min(...losses),
      highest: Math.max(...losses),
    };
  });
}
