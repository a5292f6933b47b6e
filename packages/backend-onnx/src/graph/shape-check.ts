import { BackendError } from "../backend-error.ts";
import { sizeOf } from "../memory/storage.ts";

/** The length of the longest JavaScript array. */
const MOST_ELEMENTS = 2 ** 32;

/** Throws {@link BackendError} "unsupported" with the operation's name for a shape that no tensor can have. */
export function assertShape(name: string, shape: readonly number[]): void {
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0)) {
    throw new BackendError(
      "unsupported",
      `the result of ${name} would have the shape [${shape.join()}]. Check the sizes, strides and padding of the call.`,
    );
  }
  const size = sizeOf(shape);
  if (size <= MOST_ELEMENTS) return;
  throw new BackendError(
    "unsupported",
    `the result of ${name} would have the shape [${shape.join()}] with ${size} elements; ` +
      `a tensor has at most ${MOST_ELEMENTS}. Compute it in parts.`,
  );
}
