import { listed, shown } from "@mlan/safetensors";
import { damaged, unsupported } from "./errors.ts";
import { TensorView } from "./stored-tensors.ts";
import { Tuple } from "./unpickle.ts";

/**
 * Returns the tensors of a state dict by name. For any other value, throws an error that describes how to save the
 * state dict alone.
 */
export function stateDict(value: unknown, file: URL): ReadonlyMap<string, TensorView> {
  if (!(value instanceof Map)) {
    const kind = value instanceof TensorView ? "one tensor without a name" : "a value that is not a dict of tensors";
    throw unsupported(
      file,
      `contains ${kind}`,
      'Save a state dict: torch.save(model.state_dict(), "pytorch_model.bin")',
    );
  }
  const tensors = new Map<string, TensorView>();
  const seen = new Set<unknown>();
  for (const [key, item] of value) {
    if (item instanceof TensorView) {
      if (typeof key !== "string") throw damaged(file, `a tensor has the name ${shown(key)}, which is not text`);
      tensors.set(key, item);
    } else if (holdsTensor(item, seen)) throw nested(key, value, file);
  }
  if (tensors.size === 0) {
    const keys = [...value.keys()].map((key) => shown(key));
    throw unsupported(file, `contains no tensors, but ${listed(keys)}`, "Use the file with the model's weights");
  }
  if ([...tensors.keys()].every((name) => name.startsWith("module."))) {
    const what = 'has "module." before the names of all tensors, as DataParallel saves them';
    throw unsupported(file, what, "In Python, save model.module.state_dict() instead of model.state_dict()");
  }
  return tensors;
}

function nested(key: unknown, value: ReadonlyMap<unknown, unknown>, file: URL): Error {
  const keys = listed([...value.keys()].map((other) => shown(other)));
  return unsupported(
    file,
    `contains tensors inside ${shown(key)}, one of ${keys}, like a training checkpoint`,
    `In Python, save that part alone: torch.save(torch.load(file, weights_only=True)[${shown(key)}], "pytorch_model.bin")`,
  );
}

/** Whether `value` contains a tensor at any depth. Skips objects in `seen`, which contain none. */
function holdsTensor(value: unknown, seen: Set<unknown>): boolean {
  const left = [value];
  while (left.length > 0) {
    const item = left.pop();
    if (item instanceof TensorView) return true;
    if (typeof item !== "object" || item === null || seen.has(item)) continue;
    seen.add(item);
    for (const part of partsOf(item)) left.push(part);
  }
  return false;
}

function partsOf(item: object): Iterable<unknown> {
  if (item instanceof Map) return item.values();
  if (item instanceof Tuple) return item.items;
  return Array.isArray(item) ? item : [];
}
