import type { PageData, QuestionTableData } from "../src/page-data.ts";
import { element } from "./element.ts";
import { FILTERS, type Filter, findQuestions, indexOf, type QuestionIndex } from "./find-questions.ts";
import { questionView, type ShownModel } from "./question-view.ts";
import { unpack } from "./unpack.ts";

const PER_PAGE = 20;

/** Shows the questions of one benchmark at a time, with the answers of one or two models. */
export function openQuestionBrowser({ tables, models, compared }: PageData): void {
  const place = document.getElementById("question-browser");
  const [firstTable] = tables;
  if (!place || !firstTable) return;
  const indexes = new Map<QuestionTableData, Promise<QuestionIndex>>();
  let table = firstTable;
  let filter: Filter = "all";
  let page = 0;

  const benchmarks = select(
    "Benchmark",
    tables.map(({ title }) => title),
    (chosen) => choose(tables[chosen] ?? firstTable),
  );
  const sides = [select("Model", [], refresh), select("Compared with", [], refresh)] as const;
  const seeds = select("Seed", [], refresh);
  const search = element("input", {
    type: "search",
    placeholder: "id, prompt, answer or target",
    autocomplete: "off",
    spellcheck: "false",
  });
  search.addEventListener("input", refresh);
  const filters = FILTERS.map((name) => {
    const button = element("button", { type: "button" });
    button.addEventListener("click", () => {
      filter = name;
      refresh();
    });
    return { name, button };
  });
  const status = element("p", { class: "note", role: "status" });
  const list = element("ol", { class: "questions" });
  const previous = element("button", { type: "button" }, "Previous");
  const next = element("button", { type: "button" }, "Next");
  const pageText = element("span", { class: "muted" });
  for (const [button, step] of [
    [previous, -1],
    [next, 1],
  ] as const)
    button.addEventListener("click", () => {
      page += step;
      void show().then(() => place.scrollIntoView({ block: "start" }));
    });
  place.replaceChildren(
    element(
      "div",
      { class: "controls" },
      benchmarks.label,
      sides.map(({ label }) => label),
      seeds.label,
      element("label", {}, "Search", search),
    ),
    element(
      "div",
      { class: "filters", role: "group", "aria-label": "Which questions" },
      filters.map(({ button }) => button),
    ),
    status,
    list,
    element("div", { class: "pages" }, previous, pageText, next),
  );
  linkBenchmarks(tables, (chosen) => {
    benchmarks.control.selectedIndex = tables.indexOf(chosen);
    choose(chosen);
  });
  choose(firstTable);

  function choose(chosen: QuestionTableData): void {
    table = chosen;
    const names = table.models.map((index) => models[index]?.label ?? "");
    fill(
      seeds.control,
      table.seeds.map((seed) => `seed ${seed}`),
      Math.max(0, seeds.control.selectedIndex),
    );
    seeds.label.hidden = table.seeds.length < 2;
    const last = table.models.at(-1) ?? -1;
    const [model, base] = compared ?? [last, models[last]?.base ?? table.models[0] ?? -1];
    fill(sides[0].control, names, Math.max(0, table.models.indexOf(model)));
    fill(
      sides[1].control,
      [...names, "no other"],
      names.length > 1 ? Math.max(0, table.models.indexOf(base)) : names.length,
    );
    refresh();
  }

  function refresh(): void {
    page = 0;
    void show();
  }

  async function show(): Promise<void> {
    const shownTable = table;
    const loading = indexes.get(table) ?? unpack(table.element).then(indexOf);
    indexes.set(table, loading);
    let index: QuestionIndex;
    try {
      index = await loading;
    } catch (error) {
      status.textContent = `These questions cannot be read (${String(error)}). A newer browser may help.`;
      return;
    }
    if (shownTable !== table) return;
    const chosen = sides.map(({ control }) => control.selectedIndex);
    const [first = 0, second = -1] = chosen;
    const hasSecond = second >= 0 && second < table.models.length && second !== first;
    if (!hasSecond && ["disagree", "only first right", "only second right"].includes(filter)) filter = "all";
    const seed = Math.max(0, seeds.control.selectedIndex);
    const columnOf = (place: number): number => place * Math.max(1, table.seeds.length) + seed;
    const found = findQuestions(index, {
      first: columnOf(first),
      second: hasSecond ? columnOf(second) : undefined,
      filter,
      search: search.value,
    });
    const shown = (hasSecond ? [first, second] : [first]).flatMap((place): readonly ShownModel[] => {
      const model = models[table.models[place] ?? -1];
      return model ? [{ model, place: columnOf(place) }] : [];
    });
    const pages = Math.max(1, Math.ceil(found.indexes.length / PER_PAGE));
    page = Math.min(Math.max(page, 0), pages - 1);
    for (const { name, button } of filters) {
      button.setAttribute("aria-pressed", String(name === filter));
      button.textContent = `${labelOf(name, shown)} ${found.counts[name].toLocaleString("en-US")}`;
      button.hidden = !hasSecond && ["disagree", "only first right", "only second right"].includes(name);
    }
    status.textContent = `${found.indexes.length.toLocaleString("en-US")} of ${table.questions.toLocaleString("en-US")} questions of ${table.title}${table.seeds.length > 1 ? `, answers of seed ${table.seeds[seed]}` : ""}`;
    list.replaceChildren(
      ...found.indexes
        .slice(page * PER_PAGE, (page + 1) * PER_PAGE)
        .map((place) => questionView(index.questions, place, shown, search.value)),
    );
    pageText.textContent = `Page ${page + 1} of ${pages.toLocaleString("en-US")}`;
    previous.disabled = page === 0;
    next.disabled = page === pages - 1;
  }
}

function labelOf(filter: Filter, shown: readonly ShownModel[]): string {
  const [first, second] = shown.map(({ model }) => model.label);
  if (second === undefined) {
    const single: Partial<Record<Filter, string>> = { "both wrong": "Wrong", "both right": "Right" };
    if (single[filter] !== undefined) return single[filter];
  }
  const labels: Readonly<Record<Filter, string>> = {
    all: "All",
    disagree: "Disagree",
    "only first right": `Only ${first} right`,
    "only second right": `Only ${second} right`,
    "both wrong": "Both wrong",
    "both right": "Both right",
    "nothing read": "Nothing read",
  };
  return labels[filter];
}

interface Select {
  readonly label: HTMLElement;
  readonly control: HTMLSelectElement;
}

function select(title: string, options: readonly string[], onChange: (chosen: number) => void): Select {
  const control = element("select");
  fill(control, options, 0);
  control.addEventListener("change", () => onChange(control.selectedIndex));
  return { label: element("label", {}, title, control), control };
}

function fill(control: HTMLSelectElement, options: readonly string[], chosen: number): void {
  control.replaceChildren(...options.map((option) => element("option", {}, option)));
  control.selectedIndex = chosen;
}

/** Turns the benchmarks' names in the table of results into links to their questions. */
function linkBenchmarks(tables: readonly QuestionTableData[], onChoose: (table: QuestionTableData) => void): void {
  for (const cell of document.querySelectorAll<HTMLElement>("[data-benchmark]")) {
    const table = tables.find(({ title }) => title === cell.dataset["benchmark"]);
    if (!table) continue;
    const link = element("a", { href: "#questions" }, cell.textContent ?? "");
    link.addEventListener("click", () => onChoose(table));
    cell.replaceChildren(link);
  }
}
