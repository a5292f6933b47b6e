import { count } from "../format.ts";
import { html, type Html } from "../html.ts";
import type { PackedTable } from "../pack-questions.ts";

/** The place where the page's script shows the questions, and the elements that hold them. */
export function questionsSection(tables: readonly PackedTable[], notes: readonly string[]): Html | undefined {
  if (tables.length === 0 && notes.length === 0) return undefined;
  const total = tables.reduce((sum, { table }) => sum + table.questions, 0);
  return html`<section aria-labelledby="questions">
    <h2 id="questions">Every question</h2>
    ${notes.map((note) => html`<p class="note">${note}</p>`)}
    ${
      tables.length > 0
        ? html`<p class="note">
              ${count(total)} questions with the answers as they were generated and as they were read. Questions on
              which the two models disagree come first.
            </p>
            <div id="question-browser">
              <noscript
                ><p>
                  Looking up questions needs JavaScript. Everything else on this page does not, except the plots, whose
                  values are in the tables.
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
