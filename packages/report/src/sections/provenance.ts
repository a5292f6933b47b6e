import type { DatasetView, View, Warning, WeightsView } from "@mlan/run-view";
import { count, counted, listed } from "../format.ts";
import { type Content, html, type Html } from "../html.ts";
import { facts, linkIfAddress } from "./parts.ts";

/** Warnings of these kinds are shown first, and those of {@link LAST} at the end. */
const FIRST: ReadonlySet<Warning["kind"]> = new Set(["failed", "unreadable-run", "damage"]);
const LAST: readonly Warning["kind"][] = ["unfinished", "notice"];

/** The warnings of a view, each once for all runs that have it; all but the first eight are folded. */
export function warningsSection({ warnings }: View): Html | undefined {
  if (warnings.length === 0) return undefined;
  const rankOf = ({ kind }: Warning): number => (FIRST.has(kind) ? -1 : LAST.indexOf(kind) + 1);
  const groups = new Map<string, Warning[]>();
  for (const warning of warnings.toSorted((one, other) => rankOf(one) - rankOf(other))) {
    const { kind, text, run, stage, benchmark } = warning;
    const key = JSON.stringify([kind, run === undefined ? text : text.replaceAll(run, "run"), stage, benchmark]);
    groups.set(key, [...(groups.get(key) ?? []), warning]);
  }
  const items = [...groups.values()].flatMap(([first, ...others]) => {
    if (!first) return [];
    const { text, run, stage, benchmark } = first;
    const place = [run, stage, benchmark].filter((part) => part !== undefined).join(", ");
    const runs = others.flatMap((other) => other.run ?? []);
    return html`<li>
      ${place === "" || text.includes(place) ? undefined : html`<b>${place}:</b> `}${text}
      ${runs.length > 0 ? html`<span class="muted">The same is true of ${runs.join("; ")}.</span>` : undefined}
    </li>`;
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
