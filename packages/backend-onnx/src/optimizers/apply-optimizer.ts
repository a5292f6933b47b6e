import type { DataTable } from "../recording/data-table.ts";
import type { Storage } from "../graph/graph.ts";
import { RecordedValue } from "../recording/recorded-value.ts";
import type { Recording } from "../recording/recording.ts";
import type { Area } from "./optimizer-area.ts";
import type { OptimizerCall, OptimizerGroup } from "./optimizer-call.ts";
import type { OptimizerSlot } from "./optimizer-slot.ts";
import type { SlotPool } from "./slot-pool.ts";

/** The parts of the backend that an in-place update needs. */
export interface OptimizerHost {
  readonly data: DataTable;
  readonly recording: Pick<Recording, "flush">;
  readonly slots: SlotPool;
}

/**
 * Updates parameters and states in place, after all recorded operations have been computed from the old values. Only
 * tensors with the same data id change: a variable, and the tensor that it was made from or assigned. Clones and
 * reshapes keep the old values.
 *
 * The first update moves parameters and states into their slots, one tensor at a time. The old memory of each is freed
 * before the next one moves, and the system allocates a slot's pages only when they are written.
 */
export function applyOptimizer(host: OptimizerHost, call: OptimizerCall): void {
  const { data } = host;
  const { groups } = call;
  const slots = host.slots.assign(groups.map(({ changed }) => changed.map(({ dataId }) => data.value(dataId))));
  const pairs = slots.flatMap((slot, index) => {
    const group = groups[index];
    return group === undefined ? [] : [{ slot, group }];
  });
  computePending(host, pairs);
  const numbers = call.numbers(({ dataId }) => elementsOf(data.value(dataId))[0] ?? Number.NaN);
  if (numbers.changesNothing) return;
  const update = call.optimizer.update(numbers);
  for (const { slot, group } of pairs) {
    for (const [area, dataId] of changedPlaces(slot, group)) settle(data, dataId, area);
  }
  for (const { slot, group } of pairs) {
    update(slot.addresses, group.weightDecay);
    for (const { dataId } of group.changed) data.value(dataId).version++;
  }
}

interface Pair {
  readonly slot: OptimizerSlot;
  readonly group: OptimizerGroup;
}

function changedPlaces({ changed }: OptimizerSlot, group: OptimizerGroup): [Area, object][] {
  return changed.flatMap((area, index) => {
    const tensor = group.changed[index];
    return tensor === undefined ? [] : [[area, tensor.dataId] satisfies [Area, object]];
  });
}

/** Computes pending values directly into the slots, and copies other gradients into their slots. */
function computePending({ data, recording }: OptimizerHost, pairs: readonly Pair[]): void {
  const destinations = new Map<RecordedValue, Storage>();
  for (const { slot, group } of pairs) {
    for (const [area, dataId] of changedPlaces(slot, group)) {
      const value = data.value(dataId);
      // A value that other ids share must stay outside the slot, and an occupied area is still read.
      const free = value.owners === 1 && area.occupant === undefined;
      if (free && isPending(value) && !destinations.has(value)) destinations.set(value, area.reserve(value));
    }
  }
  const gradients = pairs.map(({ slot, group }) => ({ area: slot.gradient, value: data.value(group.gradient.dataId) }));
  for (const { area, value } of gradients) {
    if (area.occupant === value) continue;
    // The area may still contain the gradient of an earlier step that a tensor owns.
    area.evacuate();
    if (isPending(value) && !destinations.has(value)) destinations.set(value, area.reserve(value));
  }
  recording.flush(destinations);
  for (const [value, storage] of destinations) if (value.storage !== storage) storage.release();
  for (const { area, value } of gradients) if (area.occupant !== value) area.elements.set(elementsOf(value));
}

function isPending(value: RecordedValue): boolean {
  return value.producer !== undefined && value.dtype === "float32";
}

/** Moves the value of a data id into its area, so that no other data id shares it. */
function settle(data: DataTable, dataId: object, area: Area): void {
  const value = data.value(dataId);
  const shared = value.owners > 1;
  if (area.occupant === value && !shared) return;
  const current = elementsOf(value);
  // The occupant is moved out: it is an unrelated value, or the shared value, which the other data ids keep.
  const moved = area.occupant;
  area.evacuate();
  if (moved !== value) area.elements.set(current);
  const own = shared ? new RecordedValue(value.shape, value.dtype) : value;
  if (shared) data.replace(dataId, own);
  own.storage?.release();
  own.storage = area.reserve(own);
}

function elementsOf(value: RecordedValue): Float32Array | Int32Array {
  if (value.failure !== undefined) throw value.failure;
  const elements = value.storage?.view();
  if (elements === undefined || elements instanceof Uint8Array)
    throw new Error("an input of an optimizer has no data after a flush");
  return elements;
}
