import { stripAsPython } from "@mlan/core";
import { capitalize } from "@mlan/data-kit";

/**
 * Removes the marks of WikiHow texts as the original code does: " [title]" becomes the end of a sentence, any other
 * text in brackets is removed, and two spaces become one (three become two). The space after a mark at the beginning of
 * the text is kept.
 */
export function cleanUp(text: string): string {
  return stripAsPython(text)
    .replaceAll(" [title]", ". ")
    .replace(/\[[^\]\n]*\]/g, "")
    .replaceAll("  ", " ");
}

/** Returns the activity and the beginning of the scene, cleaned. */
export function contextOf(activity: string, before: string, beginning: string): string {
  return cleanUp(`${activity}: ${before} ${capitalize(beginning)}`);
}
