import type { CostView, View } from "@mlan/run-view";
import { count, duration, loss, significant } from "../format.ts";
import { html, type Html } from "../html.ts";
import { scrollTable } from "./parts.ts";

/** The plot of accuracy against training cost. */
export function accuracyAgainstCost({ averages }: View): Html | undefined {
  if (averages.length === 0) return undefined;
  return html`<section aria-labelledby="cost-plot">
    <h2 id="cost-plot">Accuracy against cost</h2>
    <p class="note">
      Mean accuracy over the language or the vision benchmarks, with equal weights and 95 % intervals over questions,
      against the floating-point operations of all training before the evaluation.
    </p>
    <figure><div class="plots" data-plot="costs"></div></figure>
  </section>`;
}

/** The plot of accuracy against the language share, for a study with several shares. */
export function languageShareSection({ languageShares, models }: View): Html | undefined {
  if (languageShares.length === 0) return undefined;
  const several = models.some(({ evaluations }) => evaluations.length > 1);
  const band = several
    ? "Bands are 95 % intervals over seeds (Student's t). Small marks are individual seeds."
    : "Bands are 95 % intervals over questions.";
  return html`<section aria-labelledby="shares">
    <h2 id="shares">Share of language in tuning</h2>
    <p class="note">
      Accuracy against the share of conversations without images in the tuning data. ${band} A dashed line marks the
      accuracy of guessing.
    </p>
    <figure><div class="plots" data-plot="shares"></div></figure>
    ${
      languageShares.some(({ isAverage }) => !isAverage)
        ? html`<details data-plots="shares-by-benchmark">
            <summary>Each benchmark</summary>
            <figure><div class="plots" data-plot="shares-by-benchmark"></div></figure>
          </details>`
        : undefined
    }
  </section>`;
}

/** The plots of the losses. */
export function curvesSection({ curves }: View): Html | undefined {
  if (curves.length === 0) return undefined;
  return html`<section aria-labelledby="curves">
    <h2 id="curves">Training loss</h2>
    <p class="note">
      Mean cross-entropy in nats before each update; faint bands range from the lowest to the highest loss of the steps
      that a point summarises.
    </p>
    <figure><div class="plots" data-plot="curves"></div></figure>
  </section>`;
}

/** The table of the cost of each stage. */
export function costsSection({ costs, runs }: View): Html | undefined {
  if (costs.length === 0) return undefined;
  const several = runs.length > 1;
  const machines = [...new Set(costs.flatMap(({ machine }) => machine ?? []))];
  const head = html`${several ? html`<th scope="col">run</th>` : undefined}
    <th scope="col">stage</th>
    ${["steps", "text", "supervised", "image", "padding", "TFLOP"].map((title) => html`<th scope="col" class="number">${title}</th>`)}
    <th scope="col" class="number">time</th>
    <th scope="col" class="number">loss</th>`;
  const table = scrollTable(
    "Positions by kind (text includes supervised), floating-point operations and time of each stage",
    [head, ...costs.map((cost) => rowOf(cost, several))],
  );
  return html`<section aria-labelledby="costs">
    <h2 id="costs">Costs</h2>
    ${
      several && costs.length > 24
        ? html`<details>
            <summary>Each stage of each run (${count(costs.length)})</summary>
            ${table}
          </details>`
        : table
    }
    ${machines.length > 0 ? html`<p class="note">Measured on ${machines.join("; ")}.</p>` : undefined}
  </section>`;
}

function rowOf({ run, stage, kind, seconds, training, prompts, sharedFrom }: CostView, several: boolean): Html {
  const name = html`${
    several
      ? html`<th scope="row">${run}</th>
          <td>${stage}</td>`
      : html`<th scope="row">${stage}</th>`
  }`;
  if (sharedFrom !== undefined) {
    return html`<tr>
      ${name}
      <td colspan="8" class="muted">shared with ${sharedFrom}, where it is counted</td>
    </tr>`;
  }
  const numbers = training
    ? [
        count(training.steps),
        count(training.text),
        count(training.supervised),
        count(training.image),
        count(training.padding),
        significant(training.flops / 1e12),
      ]
    : ["", prompts ? count(prompts.positions) : "", "", "", "", ""];
  const losses = training
    ? `${loss(training.firstLoss)} → ${loss(training.lastLoss)}`
    : kind === "evaluate"
      ? "evaluation"
      : "";
  return html`<tr>
    ${name}${numbers.map((number) => html`<td class="number">${number}</td>`)}
    <td class="number">${duration(seconds)}</td>
    <td class="number">${losses}</td>
  </tr>`;
}
