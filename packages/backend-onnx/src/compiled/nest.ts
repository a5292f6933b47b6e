import * as tf from "@tensorflow/tfjs-core";
import { BackendError } from "../backend-error.ts";

/**
 * Tensors in arrays and plain objects, beside numbers, booleans, strings, null and undefined. It has no type of its own:
 * TypeScript would accept no interface for it. What it cannot hold is refused when it is flattened.
 */
type Nest = unknown;

/** A nest taken apart. */
export interface Flattened {
  /** From left to right. */
  readonly tensors: readonly tf.Tensor[];
  /** All but the tensors' content: equal texts mean equal structure, shapes, dtypes, and other values. */
  readonly signature: string;
  /** The same structure around other tensors. */
  rebuild(tensors: readonly tf.Tensor[]): Nest;
}

/** Throws {@link BackendError} "unsupported" for what a nest cannot hold, e.g. a promise or a typed array. */
export function flatten(nest: Nest): Flattened {
  const tensors: tf.Tensor[] = [];
  const signature = describe(nest, tensors);
  return {
    tensors,
    signature,
    rebuild(others) {
      let next = 0;
      return mapTensors(nest, (tensor) => others[next++] ?? tensor);
    },
  };
}

function describe(nest: Nest, tensors: tf.Tensor[]): string {
  if (nest instanceof tf.Tensor) {
    tensors.push(nest);
    return `${nest.dtype}[${nest.shape.join()}]`;
  }
  if (Array.isArray(nest)) return `(${nest.map((member) => describe(member, tensors)).join()})`;
  if (isRecord(nest)) {
    return `{${Object.entries(nest)
      .map(([key, member]) => `${JSON.stringify(key)}:${describe(member, tensors)}`)
      .join()}}`;
  }
  if (typeof nest === "object" && nest !== null) {
    throw new BackendError(
      "unsupported",
      `a compiled function takes and gives tensors in arrays and plain objects, not a ${nest.constructor.name}.`,
    );
  }
  if (typeof nest === "function") throw new BackendError("unsupported", "a compiled function takes no functions.");
  return typeof nest === "string" ? JSON.stringify(nest) : Object.is(nest, -0) ? "-0" : String(nest);
}

function mapTensors(nest: Nest, map: (tensor: tf.Tensor) => tf.Tensor): Nest {
  if (nest instanceof tf.Tensor) return map(nest);
  if (Array.isArray(nest)) return nest.map((member) => mapTensors(member, map));
  if (!isRecord(nest)) return nest;
  return Object.fromEntries(Object.entries(nest).map(([key, member]) => [key, mapTensors(member, map)]));
}

function isRecord(nest: Nest): nest is Readonly<Record<string, Nest>> {
  if (typeof nest !== "object" || nest === null) return false;
  const prototype: unknown = Object.getPrototypeOf(nest);
  return prototype === Object.prototype || prototype === null;
}
