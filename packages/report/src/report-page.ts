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

export interface ReportOptions {
  /** The questions that can be looked up on the page. Default: all that the run folders keep. */
  readonly questions?: readonly QuestionSource[];
  /**
   * Maximum size of all images on the page, in bytes of their files; the others are named. Default 8,000,000.
   */
  readonly imageBytes?: number;
  /**
   * For a page of {@link serveReport}: the state that it shows, so that it reloads when there is another one. Default:
   * the page never reloads.
   */
  readonly state?: string;
}

const IMAGE_BYTES = 8_000_000;

/**
 * Returns a run, several runs or a study as one HTML page that loads nothing from anywhere: it can be kept, sent and
 * opened without a network. Texts of users and models are shown as text, whatever they contain.
 */
export async function reportPage(view: View, options: ReportOptions = {}): Promise<string> {
  const { questions: sources = storedQuestions(view), imageBytes = IMAGE_BYTES, state } = options;
  const models = modelsOf(view);
  const questions = await packQuestions(sources, view, imageBytes);
  const data: PageData = {
    models,
    results: resultPoints(view),
    costs: costPoints(view),
    shares: shareCurves(view),
    curves: lossCurves(view, models),
    tables: questions.tables.map(({ table }) => table),
  };
  const body = html`${heading(view, state !== undefined)}
    <main>
      ${resultsSection(view, models)} ${accuracyAgainstCost(view)} ${languageShareSection(view)} ${curvesSection(view)}
      ${questionsSection(questions.tables, questions.notes)} ${costsSection(view)} ${warningsSection(view)}
      ${provenanceSection(view)}
    </main>`;
  return documentOf({ title: `${view.name} · mlan report`, body, data, state });
}
