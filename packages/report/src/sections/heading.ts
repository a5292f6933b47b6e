import type { RunState, RunView, View } from "@mlan/run-view";
import { counted, listed } from "../format.ts";
import { html, type Html } from "../html.ts";
import { answerSection, questionOf } from "./answer.ts";

/** The name of the view, the question that it answers, the answer, and which of all `models` are not evaluated yet. */
export function heading(view: View, models: View["models"], live: boolean): Html {
  const missing = models.filter((model) => !view.models.includes(model));
  const created = view.runs.flatMap((run) => run.created ?? []).toSorted()[0];
  const when = created === undefined ? "" : `, ${created.slice(0, 10)}`;
  return html`<header>
    <div class="top">
      <span
        >${view.kind === "study" ? "Study" : view.runs.length > 1 ? "Runs" : "Run"}
        ${view.name}${when}${live ? " (live)" : ""}</span
      ><button type="button" id="theme" hidden>Dark</button>
    </div>
    <h1>${questionOf(view)}</h1>
    ${answerSection(view)}
    <p class="facts">
      ${counted(view.runs.length, "run")}${statesOf(view.runs)}, ${counted(models.length, "model")},
      ${counted(view.benchmarks.length, "benchmark")}${view.warnings.length > 0 ? html`, <a href="#warnings">${counted(view.warnings.length, "warning")}</a>` : undefined}.
    </p>
    ${missing.length > 0 ? html`<p class="note">Not evaluated yet: ${listed(missing.map(({ label }) => label))}.</p>` : undefined}
    ${view.runs.filter(({ problem }) => problem !== undefined).map(({ id, state, problem }) => html`<p class="note"><b>${id}</b> ${STATES[state]}: ${problem}</p>`)}
  </header>`;
}

const STATES: Readonly<Record<RunState, string>> = {
  done: "done",
  unfinished: "not finished",
  waiting: "waiting",
  failed: "failed",
  unreadable: "cannot be read",
};

function statesOf(runs: readonly RunView[]): string {
  const others = Object.entries(STATES).flatMap(([state, text]) => {
    const number = runs.filter((run) => run.state === state).length;
    return state === "done" || number === 0 ? [] : [runs.length === 1 ? text : `${number} ${text}`];
  });
  return others.length > 0 ? ` (${others.join(", ")})` : "";
}
