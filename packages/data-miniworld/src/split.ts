import { deriveSeed } from "@mlan/core";

/** Whether a scene or story is used in the benchmark or in the training data. */
export type Split = "benchmark" | "training";

/**
 * Returns the split of a scene or story. It depends only on the key, so nothing is in both splits, whatever the seeds.
 */
function splitOf(key: string): Split {
  return deriveSeed(0, key) % 4 === 0 ? "benchmark" : "training";
}

/** Draws until the scene or story belongs to the split. */
export function drawFrom<Content>(split: Split, draw: () => Content, keyOf: (content: Content) => string): Content {
  for (;;) {
    const content = draw();
    if (splitOf(keyOf(content)) === split) return content;
  }
}
