import { deriveSeed } from "@mlan/core";

/** Where a scene or story may be used. */
export type Split = "benchmark" | "training";

/** The split of a content, which depends only on its key: no content is in both splits, whatever the seeds. */
function splitOf(key: string): Split {
  return deriveSeed(0, key) % 4 === 0 ? "benchmark" : "training";
}

/** Draws until the content belongs to the split. */
export function drawFrom<Content>(split: Split, draw: () => Content, keyOf: (content: Content) => string): Content {
  for (;;) {
    const content = draw();
    if (splitOf(keyOf(content)) === split) return content;
  }
}
