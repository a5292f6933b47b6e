import type { View } from "@mlan/run-view";
import { documentOf } from "./document.ts";
import { html } from "./html.ts";
import { modelsOf } from "./models.ts";
import { packQuestions, type QuestionSource, storedQuestions } from "./pack-questions.ts";
import type { PageData } from "./page-data.ts";
import { costPoints, lossCurves, resultPoints, shareCurves } from "./plot-data.ts";
import { accuracyAgainstCost, costsSection, curvesSection, languageShareSection } from "./sections/costs.ts";
import { heading } from "./sections/heading.ts";
import { provenanceSection, warningsSection } from "./sections/provenance.ts";
import { questionsSection } from "./sections/questions.ts";
import { resultsSection } from "./sections/results.ts";
import { baseSection, pairsSection } from "./sections/tests.ts";

export interface ReportOptions {
  /** The questions that readers can look up on the page. Default: all questions that the run folders contain. */
  readonly questions?: readonly QuestionSource[];
  /**
   * Maximum total size of the image files on the page, in bytes. Of all further images, only the names are shown.
   * Default 8,000,000.
   */
  readonly imageBytes?: number;
  /**
   * The state of the run that the page shows, for {@link serveReport}: the page reloads when the state changes.
   * Default: the page never reloads.
   */
  readonly state?: string;
}

const IMAGE_BYTES = 8_000_000;

/**
 * Returns a run, several runs or a study as one HTML page that loads no other file, so that it opens without a network.
 * Texts of users and models are shown as text, even if they contain markup.
 */
export async function reportPage(whole: View, options: ReportOptions = {}): Promise<string> {
  const view = withEvaluatedModels(whole);
  const { questions: sources = storedQuestions(view), imageBytes = IMAGE_BYTES, state } = options;
  const models = modelsOf(view);
  const questions = await packQuestions(sources, view, imageBytes);
  const leading = view.pairs.find(({ isLeading }) => isLeading);
  const placeOf = (id: string): number => view.models.findIndex((model) => model.id === id);
  const data: PageData = {
    ...(leading && { compared: [placeOf(leading.model), placeOf(leading.base)] }),
    models,
    results: resultPoints(view),
    costs: costPoints(view),
    shares: shareCurves(view),
    curves: lossCurves(view, models),
    tables: questions.tables.map(({ table }) => table),
  };
  const body = html`${heading(view, whole.models, state !== undefined)}
    <main>
      ${resultsSection(view, models)} ${languageShareSection(view)} ${accuracyAgainstCost(view)} ${pairsSection(view)}
      ${baseSection(view, models)} ${curvesSection(view)} ${questionsSection(questions.tables, questions.notes)}
      ${costsSection(view)} ${warningsSection(view)} ${provenanceSection(view)}
    </main>`;
  return documentOf({ title: `${view.name} · mlan report`, body, data, state });
}

/** Leaves out models without results, such as the arms of a study that have not been evaluated yet. */
function withEvaluatedModels(view: View): View {
  return { ...view, models: view.models.filter(({ evaluations }) => evaluations.length > 0) };
}
