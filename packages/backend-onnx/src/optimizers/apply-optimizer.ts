import type { DataTable } from "../recording/data-table.ts";
import type { Storage } from "../graph/graph.ts";
import { RecordedValue } from "../recording/recorded-value.ts";
import type { Recording } from "../recording/recording.ts";
import type { Area } from "./optimizer-area.ts";
import type { OptimizerCall, OptimizerGroup } from "./optimizer-call.ts";
import type { OptimizerSlot } from "./optimizer-slot.ts";
import type { SlotPool } from "./slot-pool.ts";

/** What of the backend an update in place needs. */
export interface OptimizerHost {
  readonly data: DataTable;
  readonly recording: Pick<Recording, "flush">;
  readonly slots: SlotPool;
}

/**
 * Updates parameters and states in place, after everything that was recorded has been computed from the old values.
 * Other tensors with the same data (clones, reshapes) keep the old values; only what shares the very data id (the
 * tensor that a variable was made from or assigned) changes with it.
 *
 * The first update moves parameters and states into their slots, one tensor at a time: the old memory of each goes
 * before the next moves, and the system gives a slot's pages when they are written.
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

/** Flushes; what is pending is computed right where the update reads it, other gradients are copied there. */
function computePending({ data, recording }: OptimizerHost, pairs: readonly Pair[]): void {
  const destinations = new Map<RecordedValue, Storage>();
  for (const { slot, group } of pairs) {
    for (const [area, dataId] of changedPlaces(slot, group)) {
      const value = data.value(dataId);
      // What others hold too stays outside, for them; where an old value lies, it is still read.
      const free = value.owners === 1 && area.occupant === undefined;
      if (free && isPending(value) && !destinations.has(value)) destinations.set(value, area.reserve(value));
    }
  }
  const gradients = pairs.map(({ slot, group }) => ({ area: slot.gradient, value: data.value(group.gradient.dataId) }));
  for (const { area, value } of gradients) {
    if (area.occupant === value) continue;
    // A gradient of an earlier step that someone still holds.
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

function elementsOf(value: RecordedValue): Float32Array | Int32Array {
  if (value.failure !== undefined) throw value.failure;
  const elements = value.storage?.view();
  if (elements === undefined || elements instanceof Uint8Array)
    throw new Error("an input of an optimizer has no numbers after a flush");
  return elements;
}
