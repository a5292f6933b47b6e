import type { Choice } from "@mlan/core";

/** The choices of a yes/no question. */
export const yesNoChoices: readonly Choice[] = [
  { label: "yes", text: "yes" },
  { label: "no", text: "no" },
];
