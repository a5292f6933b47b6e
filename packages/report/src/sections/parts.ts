import { type Content, html, type Html } from "../html.ts";
import type { ModelData } from "../page-data.ts";

/** A table that scrolls sideways if it is wider than the page. The first row is its head. */
export function scrollTable(caption: string, [head, ...rows]: readonly Html[]): Html {
  // A caption inside of the table would be as wide as the table, and be cut off with it.
  return html`<p class="caption">${caption}</p>
    <div class="scroll" tabindex="0" role="region" aria-label="${caption}">
      <table>
        <thead>
          <tr>
            ${head}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>`;
}

/** A model's label, preceded by a swatch of its color. */
export function swatch(model: ModelData | undefined): Content {
  return model && html`<span class="swatch ${model.color}"></span>${model.label}`;
}

/** A list of names and values; undefined values are left out. */
export function facts(entries: readonly (readonly [name: string, value: Content])[]): Html {
  return html`<dl>
    ${entries.flatMap(([name, value]) =>
      value === undefined
        ? []
        : [
            html`<dt>${name}</dt>
              <dd>${value}</dd>`,
          ],
    )}
  </dl>`;
}

/** A link if the text is an http or https URL, otherwise the text. */
export function linkIfAddress(text: string): Content {
  return /^https?:\/\/[^\s"'<>]+$/.test(text) ? html`<a href="${text}" rel="noopener noreferrer">${text}</a>` : text;
}
