/** Markup that may be inserted into a page as it is; only {@link html} and {@link trusted} make it. */
export class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
}

/** What a template may contain: markup, text, which is escaped, or a list of both. Undefined inserts nothing. */
export type Content = Html | string | number | undefined | readonly Content[];

/** Makes markup from a template. All inserted text is escaped, in elements as well as in quoted attributes. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(
    parts.map((part, index) => `${part}${index < contents.length ? markupOf(contents[index]) : ""}`).join(""),
  );
}

/** Declares text to be markup. Use it only for text of this package, never for text of a run. */
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

/** Returns a value as JSON that a `script` element can hold: no text in it can end the element or begin a comment. */
export function jsonForScript(value: unknown): Html {
  return new Html(JSON.stringify(value).replaceAll("<", String.raw`\u003c`));
}
