import type { MachineRecord, Run } from "@mlan/core";
import { bytes } from "./format-number.ts";
import type { LoadedRun } from "./loaded-run.ts";
import type { CostView } from "./view.ts";

/** Returns the cost of every stage that has begun, in the order of the stages. */
export function costsOf(loaded: LoadedRun): readonly CostView[] {
  const { id, run, results, sharedFrom } = loaded;
  if (!run) return [];
  return run.manifest.plan.stages.flatMap(({ name, kind }) => {
    const status = run.manifest.stages[name];
    const ledger = status?.ledger ?? run.ledger.find(({ stage }) => stage === name);
    const ofStage = results.filter(({ stage }) => stage === name);
    if (!status && !ledger && ofStage.length === 0) return [];
    const sharing = sharedFrom.get(name);
    return [
      {
        run: id,
        stage: name,
        kind,
        seconds: status?.seconds ?? ledger?.seconds ?? NaN,
        ...(ledger && { training: trainingOf(ledger) }),
        ...(ofStage.length > 0 && {
          prompts: {
            positions: sum(ofStage.map(({ positions }) => positions.prompts)),
            computed: sum(ofStage.map(({ positions }) => positions.computed)),
          },
        }),
        ...(sharing !== undefined && { sharedFrom: sharing }),
        ...(status?.machine && { machine: machineText(status.machine, run) }),
      },
    ];
  });
}

/** Returns the numbers of a ledger entry. Any other value becomes NaN, since users may edit ledger.json. */
function trainingOf(ledger: Run["ledger"][number]): NonNullable<CostView["training"]> {
  const numberAt = (key: keyof typeof ledger): number => {
    const value = ledger[key];
    return typeof value === "number" ? value : NaN;
  };
  return {
    steps: numberAt("steps"),
    text: numberAt("text"),
    image: numberAt("image"),
    padding: numberAt("padding"),
    supervised: numberAt("supervised"),
    flops: numberAt("flops"),
    seconds: numberAt("seconds"),
    firstLoss: numberAt("firstLoss"),
    lastLoss: numberAt("lastLoss"),
  };
}

function machineText({ platform, processors, memory, compute }: MachineRecord, { manifest }: Run): string {
  const { node } = manifest.versions;
  const parts = [platform, `${processors.count} × ${processors.model}`, bytes(memory), compute, node && `node ${node}`];
  return parts.filter((part) => part !== undefined && part !== "").join(", ");
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
