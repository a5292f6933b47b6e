import type { DatasetView, View, WeightsView } from "@mlan/run-view";
import { count, counted, listed } from "../format.ts";
import { type Content, html, type Html } from "../html.ts";
import { facts, linkIfAddress } from "./parts.ts";

/** The warnings of a view; all but the first eight are folded. */
export function warningsSection({ warnings }: View): Html | undefined {
  if (warnings.length === 0) return undefined;
  const items = warnings.map(({ text, run, stage, benchmark }) => {
    const place = [run, stage, benchmark].filter((part) => part !== undefined).join(", ");
    return html`<li>${place === "" || text.includes(place) ? undefined : html`<b>${place}:</b> `}${text}</li>`;
  });
  const [shown, more] = [items.slice(0, 8), items.slice(8)];
  return html`<section aria-labelledby="warnings">
    <h2 id="warnings">Warnings</h2>
    <ul class="warnings">
      ${shown}
    </ul>
    ${
      more.length > 0
        ? html`<details>
            <summary>${count(more.length)} more</summary>
            <ul class="warnings">
              ${more}
            </ul>
          </details>`
        : undefined
    }
  </section>`;
}

/** The commands, data, weights, versions, seeds and settings of the runs. */
export function provenanceSection(view: View): Html {
  const { datasets, weights, versions, seeds, plans, reproduce } = view.provenance;
  const several = Object.entries(versions).toSorted(([one], [other]) => one.localeCompare(other, "en"));
  return html`<section aria-labelledby="provenance">
    <h2 id="provenance">Provenance</h2>
    ${
      reproduce.length > 0
        ? html`<h3>Reproduce it</h3>
            <pre tabindex="0"><code>${reproduce.join("\n")}</code></pre>`
        : undefined
    }
    ${
      datasets.length > 0
        ? html`<h3>Data</h3>
            ${datasets.map(datasetCard)}`
        : undefined
    }
    ${
      weights.length > 0
        ? html`<h3>Weights</h3>
            ${weights.map(weightsCard)}`
        : undefined
    }
    <h3>Versions and seeds</h3>
    ${facts([...several.map(([name, values]) => [name, values.join(", ")] as const), [seeds.length === 1 ? "seed" : "seeds", seeds.join(", ")]])}
    ${plans.map(
      ({ run, plugins, stages }) =>
        html`<details>
          <summary>Settings of ${run}</summary>
          <pre tabindex="0"><code>${JSON.stringify({ plugins, stages }, null, 2)}</code></pre>
        </details>`,
    )}
  </section>`;
}

function datasetCard({ name, role, stages, fingerprint, examples, sources }: DatasetView): Html {
  const size = examples && `${count(examples.count)} examples, ${count(examples.withImages)} of them with images`;
  return html`<div class="card">
    ${facts([
      ["name", html`<b>${name}</b> (${role === "training" ? "trained on" : "asked"} in ${listed(stages)})`],
      ["size", size],
      ...sources.flatMap(({ name: source, card }): readonly (readonly [string, Content])[] => [
        ...(sources.length > 1 ? [["part", html`<b>${source}</b>`] as const] : []),
        ["source", linkIfAddress(card.source)],
        ["licence", linkIfAddress(card.license)],
        ["revision", card.revision],
        ["split", card.split],
        ["citation", card.citation],
      ]),
      ["fingerprint", html`<code>${fingerprint.slice(0, 16)}</code>`],
    ])}${sources.length === 0 ? html`<p class="note">This run did not record the source and licence of the data.</p>` : undefined}
  </div>`;
}

function weightsCard({ plugin, settings, places, digest, files }: WeightsView): Html {
  const names = Object.keys(files);
  return html`<div class="card">
    ${facts([
      ["opened by", plugin],
      ["settings", html`<code>${JSON.stringify(settings) ?? "none"}</code>`],
      ...Object.entries(places).map(([kind, place]) => [kind, html`<code>${place}</code>`] as const),
      ["SHA-256", digest === undefined ? "not reported" : html`<code>${digest}</code>`],
    ])}${
      names.length > 0
        ? html`<details>
            <summary>${counted(names.length, "file")}</summary>
            ${facts(Object.entries(files).map(([name, sum]) => [name, html`<code>${sum}</code>`] as const))}
          </details>`
        : undefined
    }
  </div>`;
}
