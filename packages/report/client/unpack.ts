import type { PackedQuestions } from "../src/page-data.ts";

/** Reads the questions from an element of the page that contains them as gzipped JSON in base64. */
export async function unpack(id: string): Promise<PackedQuestions> {
  const text = document.getElementById(id)?.textContent ?? "";
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return (await new Response(stream).json()) as PackedQuestions;
}
