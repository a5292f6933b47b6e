import type { ScienceqaQuestion } from "./scienceqa.ts";

/** The placeholder on a line of its own; nothing for a question without an image. */
export function imageLine({ images }: ScienceqaQuestion): string {
  return images.length > 0 ? "<image>\n" : "";
}

/** The hint on a line of its own; nothing where there is none. */
export function contextOf({ hint }: ScienceqaQuestion): string {
  return hint === "" ? "" : `Context: ${hint}\n`;
}
