import type { DataTable } from "../data-table.ts";
import type { Storage } from "../graph.ts";
import { RecordedValue } from "../recorded-value.ts";
import type { Recording } from "../recording.ts";
import type { AdamWCall, AdamWTensors } from "./adamw-call.ts";
import type { AdamWSlot, Area } from "./adamw-slot.ts";
import type { SlotPool } from "./slot-pool.ts";

/** What of the backend an update in place needs. */
export interface AdamWHost {
  readonly data: DataTable;
  readonly recording: Pick<Recording, "flush">;
  readonly slots: SlotPool;
}

/**
 * Updates parameters and moments in place with the semantics of `torch.optim.AdamW`, after everything that was recorded
 * has been computed from the old values. Other tensors with the same data (clones, reshapes) keep the old values;
 * only what shares the very data id (the tensor that a variable was made from or assigned) changes with it.
 */
export function applyAdamW(host: AdamWHost, { parameters, numbers }: AdamWCall): void {
  const { data } = host;
  const slots = host.slots.assign(
    parameters.map(({ parameter, firstMoment, secondMoment }) => ({
      parameter: data.value(parameter.dataId),
      firstMoment: data.value(firstMoment.dataId),
      secondMoment: data.value(secondMoment.dataId),
    })),
  );
  const pairs = slots.flatMap((slot, index) => {
    const tensors = parameters[index];
    return tensors === undefined ? [] : [{ slot, tensors }];
  });
  computeGradients(host, pairs);
  for (const { slot, tensors } of pairs) {
    settle(data, tensors.parameter.dataId, slot.parameter);
    settle(data, tensors.firstMoment.dataId, slot.firstMoment);
    settle(data, tensors.secondMoment.dataId, slot.secondMoment);
  }
  for (const { slot, tensors } of pairs) slot.update(numbers, tensors.weightDecay);
}

interface Pair {
  readonly slot: AdamWSlot;
  readonly tensors: AdamWTensors;
}

/** Flushes; pending gradients are computed right where the update reads them, others are copied there. */
function computeGradients({ data, recording }: AdamWHost, pairs: readonly Pair[]): void {
  const work = pairs.map(({ slot, tensors }) => ({ area: slot.gradient, value: data.value(tensors.gradient.dataId) }));
  const destinations = new Map<RecordedValue, Storage>();
  for (const { area, value } of work) {
    if (area.occupant === value) continue;
    // A gradient of an earlier step that someone still holds.
    area.evacuate();
    if (value.producer !== undefined && !destinations.has(value)) destinations.set(value, area.reserve(value));
  }
  recording.flush(destinations);
  for (const [value, storage] of destinations) if (value.storage !== storage) storage.release();
  for (const { area, value } of work) if (area.occupant !== value) area.elements.set(elementsOf(value));
}

/** Brings the value of a data id into its area, and out of the hands of every other data id. */
function settle(data: DataTable, dataId: object, area: Area): void {
  const value = data.value(dataId);
  const shared = value.owners > 1;
  if (area.occupant === value && !shared) return;
  const current = elementsOf(value);
  // Whoever lay here moves to memory of its own: a stranger, or the shared value that the others keep.
  const moved = area.occupant;
  area.evacuate();
  if (moved !== value) area.elements.set(current);
  const own = shared ? new RecordedValue(value.shape, value.dtype) : value;
  if (shared) data.replace(dataId, own);
  own.storage?.release();
  own.storage = area.reserve(own);
}

function elementsOf(value: RecordedValue): Float32Array {
  if (value.failure !== undefined) throw value.failure;
  const elements = value.storage?.view();
  if (!(elements instanceof Float32Array)) throw new Error("an input of ApplyAdamW has no float32 data");
  return elements;
}
