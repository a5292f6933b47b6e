import * as tf from "@tensorflow/tfjs-core";
import { BackendError } from "../backend-error.ts";

/**
 * Arrays and plain objects of tensors, numbers, booleans, strings, null and undefined. TypeScript cannot express this
 * for interfaces. {@link flatten} throws for any other value.
 */
type Structure = unknown;

/** A structure, split into its tensors and the rest. */
export interface Flattened {
  /** The tensors in depth-first order. */
  readonly tensors: readonly tf.Tensor[];
  /** Everything except the tensors' values: structure, shapes, dtypes, and values that are not tensors. */
  readonly signature: string;
  /** Returns the same structure with other tensors. */
  rebuild(tensors: readonly tf.Tensor[]): Structure;
}

/**
 * Splits a structure into its tensors and the rest. Throws {@link BackendError} "unsupported" for any other value, e.g.
 * a promise or a typed array.
 */
export function flatten(structure: Structure): Flattened {
  const tensors: tf.Tensor[] = [];
  const signature = describe(structure, tensors);
  return {
    tensors,
    signature,
    rebuild(others) {
      let next = 0;
      return mapTensors(structure, (tensor) => others[next++] ?? tensor);
    },
  };
}

function describe(structure: Structure, tensors: tf.Tensor[]): string {
  if (structure instanceof tf.Tensor) {
    tensors.push(structure);
    return `${structure.dtype}[${structure.shape.join()}]`;
  }
  if (Array.isArray(structure)) return `(${structure.map((member) => describe(member, tensors)).join()})`;
  if (isRecord(structure)) {
    return `{${Object.entries(structure)
      .map(([key, member]) => `${JSON.stringify(key)}:${describe(member, tensors)}`)
      .join()}}`;
  }
  if (typeof structure === "object" && structure !== null) {
    throw new BackendError(
      "unsupported",
      `arguments and results of a compiled function must be tensors in arrays and plain objects, not a ${structure.constructor.name}.`,
    );
  }
  if (typeof structure === "function")
    throw new BackendError(
      "unsupported",
      "arguments and results of a compiled function must not be functions. Pass tensors instead.",
    );
  return typeof structure === "string"
    ? JSON.stringify(structure)
    : Object.is(structure, -0)
      ? "-0"
      : String(structure);
}

function mapTensors(structure: Structure, map: (tensor: tf.Tensor) => tf.Tensor): Structure {
  if (structure instanceof tf.Tensor) return map(structure);
  if (Array.isArray(structure)) return structure.map((member) => mapTensors(member, map));
  if (!isRecord(structure)) return structure;
  return Object.fromEntries(Object.entries(structure).map(([key, member]) => [key, mapTensors(member, map)]));
}

function isRecord(structure: Structure): structure is Readonly<Record<string, Structure>> {
  if (typeof structure !== "object" || structure === null) return false;
  const prototype: unknown = Object.getPrototypeOf(structure);
  return prototype === Object.prototype || prototype === null;
}
