import { BackendError } from "../backend-error.ts";
import { sizeOf } from "../memory/storage.ts";

/** JavaScript's arrays hold no more. */
const MOST_ELEMENTS = 2 ** 32;

/** Throws {@link BackendError} "unsupported", naming the operation, for a shape that no tensor has. */
export function assertShape(name: string, shape: readonly number[]): void {
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0)) {
    throw new BackendError(
      "unsupported",
      `${name} would give the shape [${shape.join()}]. Check the sizes, strides and padding of the call.`,
    );
  }
  const size = sizeOf(shape);
  if (size <= MOST_ELEMENTS) return;
  throw new BackendError(
    "unsupported",
    `${name} would give ${size} elements of shape [${shape.join()}]; a tensor has up to ${MOST_ELEMENTS}. Compute it in parts.`,
  );
}
