import { createHash } from "node:crypto";
import { type Content, html, type Html, jsonForScript, trusted } from "./html.ts";
import { PAGE_SCRIPT } from "./page-script.ts";
import { PAGE_STYLE } from "./page-style.ts";

export interface Document {
  readonly title: string;
  readonly body: Content;
  /** The data for the script, written as JSON into the element `page-data`. */
  readonly data: unknown;
  /**
   * The state of the run that the page shows, for a page that reloads when the state changes. Undefined for a page that
   * is written to a file.
   */
  readonly state: string | undefined;
}

/**
 * Returns a complete page that contains its style, script and data and loads nothing. Its content security policy
 * allows only this script and this style, so that scripts in the texts of a run could not run even if they were not
 * escaped.
 */
export function documentOf({ title, body, data, state }: Document): string {
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(PAGE_SCRIPT)}`,
    `style-src ${hashOf(PAGE_STYLE)}`,
    "img-src data:",
    ...(state === undefined ? [] : ["connect-src 'self'"]),
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const page: Html = html`<!doctype html>
    <html lang="en" ${state === undefined ? undefined : html` data-state="${state}"`}>
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="generator" content="@mlan/report" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        ${verbatim("style", PAGE_STYLE)}
      </head>
      <body>
        ${body}
        <script type="application/json" id="page-data">
          ${jsonForScript(data)}
        </script>
        ${verbatim("script", PAGE_SCRIPT)}
      </body>
    </html> `;
  return page.markup;
}

/**
 * Returns an element with exactly this content, since the policy contains its hash. A template would be reformatted.
 */
function verbatim(name: "script" | "style", content: string): Html {
  return trusted(`<${name}>${content}</${name}>`);
}

/** Returns the policy's source expression that allows an inline element with this content. */
function hashOf(content: string): string {
  return `'sha256-${createHash("sha256").update(content).digest("base64")}'`;
}
