/** Markup that is inserted into a page without escaping. Create it only with {@link html} or {@link trusted}. */
export class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
}

/** A value in a template: markup, text (which is escaped), or a list of both. Undefined inserts nothing. */
export type Content = Html | string | number | undefined | readonly Content[];

/** Creates markup from a template. Inserted text is escaped, in elements and in quoted attributes. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(
    parts.map((part, index) => `${part}${index < contents.length ? markupOf(contents[index]) : ""}`).join(""),
  );
}

/** Turns text into markup without escaping. Use it only for text of this package, never for text of a run. */
export function trusted(markup: string): Html {
  return new Html(markup);
}

function markupOf(content: Content): string {
  if (content === undefined) return "";
  if (content instanceof Html) return content.markup;
  return typeof content === "object" ? content.map(markupOf).join("") : escaped(String(content));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes text for elements and quoted attributes. Invalid UTF-16 becomes U+FFFD, as a browser would read it. */
function escaped(text: string): string {
  return text
    .replaceAll(/\p{Surrogate}|\0/gu, "\ufffd")
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

/** Returns a value as JSON for a `script` element. No text in the value can end the element or begin a comment. */
export function jsonForScript(value: unknown): Html {
  return new Html(JSON.stringify(value).replaceAll("<", String.raw`\u003c`));
}
