import { deriveSeed } from "@mlan/core";

/** Where a scene or story may be used. */
export type Split = "benchmark" | "training";

/** The split that content belongs to, by its key alone: no content is in both, whatever the seeds are. */
function splitOf(key: string): Split {
  return deriveSeed(0, key) % 4 === 0 ? "benchmark" : "training";
}

/** Draws until something of that split comes. */
export function drawFrom<Content>(split: Split, draw: () => Content, keyOf: (content: Content) => string): Content {
  for (;;) {
    const content = draw();
    if (splitOf(keyOf(content)) === split) return content;
  }
}
