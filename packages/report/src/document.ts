import { createHash } from "node:crypto";
import { type Content, html, type Html, jsonForScript, trusted } from "./html.ts";
import { PAGE_SCRIPT } from "./page-script.ts";
import { PAGE_STYLE } from "./page-style.ts";

export interface Document {
  readonly title: string;
  readonly body: Content;
  /** What the script reads, in the element `page-data`. */
  readonly data: unknown;
  /** The state that the page shows; it asks the server that it came from for changes. Absent for a page in a file. */
  readonly state: string | undefined;
}

/**
 * Returns a complete page that loads nothing: style, script and data are in it. Its policy allows exactly this script
 * and this style, so that markup in a run's texts could not run even if it were not escaped.
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

/** An element with exactly this content, of which the policy has the hash: a formatter would add spaces to a template. */
function verbatim(name: "script" | "style", content: string): Html {
  return trusted(`<${name}>${content}</${name}>`);
}

/** The source expression of a policy that allows an inline element with this content. */
function hashOf(content: string): string {
  return `'sha256-${createHash("sha256").update(content).digest("base64")}'`;
}
