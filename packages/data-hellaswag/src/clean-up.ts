import { stripAsPython } from "@mlan/core";
import { capitalize } from "@mlan/data-kit";

/**
 * The original code's clean-up of the marks that WikiHow texts hold: a title's becomes the end of a sentence, all other
 * text in brackets vanishes, two spaces become one (three become two). A mark at the head leaves its space behind.
 */
export function cleanUp(text: string): string {
  return stripAsPython(text)
    .replaceAll(" [title]", ". ")
    .replace(/\[[^\]\n]*\]/g, "")
    .replaceAll("  ", " ");
}

/** The activity and what has happened so far, cleaned. */
export function contextOf(activity: string, before: string, beginning: string): string {
  return cleanUp(`${activity}: ${before} ${capitalize(beginning)}`);
}
