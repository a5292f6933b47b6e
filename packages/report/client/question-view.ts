import type { ModelData, PackedQuestions, PictureData } from "../src/page-data.ts";
import { type Child, element } from "./element.ts";

/** A model whose answers are shown. `place` is its index in {@link PackedQuestions.answers}. */
export interface ShownModel {
  readonly model: ModelData;
  readonly place: number;
}

/** Shows a question with the answers of the shown models. All content is inserted as text, never as markup. */
export function questionView(
  questions: PackedQuestions,
  index: number,
  shown: readonly ShownModel[],
  search: string,
): HTMLElement {
  const { ids, targets, prompts, choices, choiceLists, images, pictures } = questions;
  const list = choiceLists[choices[index] ?? -1] ?? [];
  const names = images[index];
  const prompt = prompts[index] ?? undefined;
  return element(
    "li",
    { class: "question" },
    element(
      "h3",
      {},
      marked(ids[index] ?? "", search),
      " · target ",
      element("b", { class: "text" }, marked(targets[index] ?? "", search)),
    ),
    element(
      "div",
      { class: "asked" },
      (names ?? []).map((place) => picture(pictures[place])),
      prompt === undefined
        ? element(
            "p",
            { class: "note" },
            "The prompt was not kept.",
            names === null ? " Whether there was an image was not kept either." : "",
          )
        : element("p", { class: "text prompt" }, marked(prompt, search)),
    ),
    prompt === undefined && list.length > 0
      ? element("p", { class: "text small" }, marked(list.join("\n"), search))
      : undefined,
    element(
      "div",
      { class: "sides" },
      shown.map((one) => side(questions, index, one, search)),
    ),
  );
}

function side({ answers }: PackedQuestions, index: number, { model, place }: ShownModel, search: string): HTMLElement {
  const column = answers[place];
  const answer = column?.answers[index];
  const extracted = column?.extracted[index];
  const prompt = column?.prompts[index];
  const truncated = column?.truncated[index];
  const isRight = column?.correct[index] === 1;
  const verdict = element(
    "span",
    { class: `verdict ${isRight ? "right" : "wrong"}` },
    isRight ? "✓ correct" : "✗ wrong",
  );
  return element(
    "div",
    { class: `side ${model.color}` },
    element(
      "div",
      { class: "who" },
      element("span", {}, model.label),
      answer === null || answer === undefined ? undefined : verdict,
    ),
    answer === null || answer === undefined
      ? element("p", { class: "muted" }, "No answer was kept.")
      : [
          element(
            "p",
            { class: "text code" },
            answer === "" ? element("span", { class: "muted" }, "(empty answer)") : marked(answer, search),
          ),
          element(
            "p",
            { class: "note" },
            "read as ",
            extracted === null || extracted === undefined ? "nothing" : element("b", { class: "text" }, extracted),
          ),
        ],
    truncated === undefined
      ? undefined
      : element(
          "p",
          { class: "note" },
          `The prompt was too long; ${truncated.toLocaleString("en-US")} positions were truncated.`,
        ),
    prompt === undefined ? undefined : details("Asked differently", marked(prompt, search)),
  );
}

function details(title: string, text: Child): HTMLElement {
  return element("details", {}, element("summary", {}, title), element("p", { class: "text small" }, text));
}

function picture(found: PictureData | undefined): HTMLElement {
  if (found?.uri !== undefined) return element("img", { src: found.uri, alt: `Image ${found.name}`, loading: "lazy" });
  return element("p", { class: "note" }, `Image ${found?.name ?? "unknown"}: ${found?.missing ?? "not kept"}.`);
}

/** Returns the text with every occurrence of the search text marked. */
function marked(text: string, search: string): Child {
  const words = search.trim().toLowerCase();
  const lower = text.toLowerCase();
  // Some letters have a different length in lower case; then indexes do not agree between the two texts.
  if (words === "" || lower.length !== text.length) return text;
  const parts: Child[] = [];
  let end = 0;
  for (let start = lower.indexOf(words); start >= 0; start = lower.indexOf(words, end)) {
    parts.push(text.slice(end, start), element("mark", {}, text.slice(start, start + words.length)));
    end = start + words.length;
  }
  return [...parts, text.slice(end)];
}
