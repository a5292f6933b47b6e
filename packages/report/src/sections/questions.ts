import { count } from "../format.ts";
import { html, type Html } from "../html.ts";
import type { PackedTable } from "../pack-questions.ts";

/** The section in which the page's script shows the questions, with the compressed questions. */
export function questionsSection(tables: readonly PackedTable[], notes: readonly string[]): Html | undefined {
  if (tables.length === 0 && notes.length === 0) return undefined;
  const total = tables.reduce((sum, { table }) => sum + table.questions, 0);
  return html`<section aria-labelledby="questions">
    <h2 id="questions">Every question</h2>
    ${notes.map((note) => html`<p class="note">${note}</p>`)}
    ${
      tables.length > 0
        ? html`<p class="note">
              ${count(total)} questions, each with the models' answers and what was read from them. Questions on which
              the two selected models disagree come first.
            </p>
            <div id="question-browser">
              <noscript
                ><p>
                  Questions and plots need JavaScript. The values of the plots are in the tables of this page.
                </p></noscript
              >
            </div>
            ${tables.map(
              ({ table, packed }) =>
                html`<script type="text/plain" id="${table.element}">
                  ${packed}
                </script>`,
            )}`
        : undefined
    }
  </section>`;
}
