import type { DataTable } from "../recording/data-table.ts";
import type { RecordedValue } from "../recording/recorded-value.ts";
import type { Storage } from "../graph/graph.ts";
import type { SlotPool } from "../optimizers/slot-pool.ts";
import type { Plan, PlannedTensor, UpdateAction } from "./plan.ts";

/** The values and the optimizer slots of a replay. */
interface SlotsHost {
  readonly data: DataTable;
  readonly slots: SlotPool;
}

/**
 * Reserves memory in the slots of parameters for the gradients that graphs compute before an update, so that no
 * gradient is stored twice. The caller releases the memory of gradients that were not computed.
 */
export function gradientsInSlots(
  { data, slots }: SlotsHost,
  { actions }: Plan,
  results: readonly RecordedValue[],
): ReadonlyMap<RecordedValue, Storage> {
  const reserved = new Map<RecordedValue, Storage>();
  const updates = actions.filter((action): action is UpdateAction => "graphs" in action);
  if (updates.length === 0) return reserved;
  const occupied = slots.occupied();
  for (const { inputs, graphs } of updates) {
    const late = new Set(graphs.flatMap((graph) => graph.results));
    const gradients = listOf(inputs["gradients"]);
    for (const [index, parameter] of listOf(inputs["parameters"]).entries()) {
      const gradient = gradients[index]?.source;
      if (gradient?.kind !== "result" || late.has(gradient.index) || parameter.source.kind !== "variable") continue;
      const value = results[gradient.index];
      const slot = occupied.get(data.value(parameter.source.variable.dataId));
      if (!value || !slot || reserved.has(value) || value.dtype !== "float32") continue;
      // The area may still contain the gradient of an earlier step that a tensor owns.
      slot.gradient.evacuate();
      reserved.set(value, slot.gradient.reserve(value));
    }
  }
  return reserved;
}

function listOf(input: UpdateAction["inputs"][string] | undefined): readonly PlannedTensor[] {
  return Array.isArray(input) ? input : [];
}
