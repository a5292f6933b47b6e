import { counted, type StageResult } from "@mlan/core";
import { stagesPartlyByDataset } from "./curves.ts";
import { percent } from "./format-number.ts";
import { type LoadedRun, placeOf } from "./loaded-run.ts";
import type { LoadedModel } from "./models.ts";
import type { Warning } from "./view-provenance.ts";
import type { ComparisonView, ResultView } from "./view-results.ts";

/** A result needs a warning if at least this share of its answers is unreadable. */
const MANY_UNREADABLE = 0.1;

/** The most models with the same wording that a warning names. */
const FEW_MODELS = 3;

export interface WarningSources {
  readonly runs: readonly LoadedRun[];
  readonly models: readonly LoadedModel[];
  readonly results: readonly ResultView[];
  /** Comparisons with the base first. */
  readonly comparisons: readonly ComparisonView[];
}

/** Returns everything that a reader of the results must know, without duplicates. */
export function warningsOf({ runs, models, results, comparisons }: WarningSources): readonly Warning[] {
  const labels = new Map(models.map(({ model: { id, label } }) => [id, label]));
  const all = [
    ...runs.flatMap(ofRun),
    ...wordingsOf(models),
    ...models.flatMap(({ evaluations }) => evaluations.flatMap(({ loaded, stage }) => undefinedMetrics(loaded, stage))),
    ...models.flatMap(({ model: { id, label } }) =>
      unreadableAnswers(
        results.filter(({ model }) => model === id),
        label,
      ),
    ),
    ...results.flatMap((result) => truncatedPrompts(result, labels.get(result.model) ?? result.model)),
    ...notCompared(comparisons, models),
  ];
  return [...new Map(all.map((warning) => [`${warning.run ?? ""} ${warning.text}`, warning])).values()];
}

function ofRun(loaded: LoadedRun): readonly Warning[] {
  const { id, run, state, problem, problems } = loaded;
  const named: Pick<Warning, "run"> = { run: id };
  if (state === "failed") {
    return [
      { kind: "failed", text: `${id} failed: ${problem ?? "the reason is unknown"}`, ...named },
      ...recorded(loaded),
    ];
  }
  if (state === "unreadable")
    return [{ kind: "unreadable-run", text: `${id} cannot be read: ${problem ?? ""}`, ...named }];
  if (!run)
    return [
      {
        kind: "unfinished",
        text: problem === undefined ? `${id} has not started.` : `${id} is unfinished: ${problem}`,
        ...named,
      },
    ];
  const open = run.manifest.plan.stages.find(({ name }) => run.manifest.stages[name]?.done !== true);
  return [
    ...problems.map(({ kind, text, stage, benchmark }): Warning => ({
      kind,
      text,
      ...(stage !== undefined && { stage }),
      ...(benchmark !== undefined && { benchmark }),
      ...named,
    })),
    ...(open
      ? [
          {
            kind: "unfinished",
            text: `${id} is unfinished: its stage ${open.name} is not done.`,
            stage: open.name,
            ...named,
          } as const,
        ]
      : []),
    ...recorded(loaded),
  ];
}

/** Returns the notices and warnings that a run recorded, and a warning if an earlier version of mlan wrote it. */
function recorded({ id, run }: LoadedRun): readonly Warning[] {
  if (!run) return [];
  const { manifest } = run;
  const stages = Object.entries(manifest.stages);
  const records = stages.flatMap(([, { data = {} }]) => Object.values(data));
  const isOld = manifest.formatVersion === 1 || records.some(({ sources }) => sources === undefined);
  return [
    ...(manifest.notices ?? []).map((text): Warning => ({ kind: "notice", text: `${text}.`, run: id })),
    ...stages.flatMap(([stage, { warnings = [] }]) =>
      warnings.map((text): Warning => ({ kind: "training", text: `${stage}: ${text}`, stage, run: id })),
    ),
    ...(isOld
      ? [
          {
            kind: "not-recorded",
            text: `${id} was written by an earlier version of mlan, which did not record licences and sizes of its data.`,
            run: id,
          } as const,
        ]
      : []),
    ...stagesPartlyByDataset(run.metrics).map((stage): Warning => ({
      kind: "not-recorded",
      text: `Only some steps of ${id} at ${stage} recorded a loss for each dataset, so its loss curves are not divided by dataset.`,
      stage,
      run: id,
    })),
  ];
}

interface Asked {
  readonly label: string;
  readonly result: StageResult;
}

/** Warns, for each protocol, if models were asked with different wordings or results are not comparable. */
function wordingsOf(models: readonly LoadedModel[]): readonly Warning[] {
  const asked = models.flatMap(({ model, evaluations: [evaluation] }): readonly Asked[] => {
    const results = evaluation?.loaded.results.filter(({ stage }) => stage === evaluation.stage) ?? [];
    return results.map((result) => ({ label: model.label, result }));
  });
  const protocols = [...new Set(asked.map(({ result }) => result.protocol))];
  return protocols.flatMap((protocol) => {
    const same = asked.filter(({ result }) => result.protocol === protocol);
    const byLabel = new Map(same.map(({ label, result }) => [label, result.wording]));
    const wordings = [...new Set(byLabel.values())];
    const worded = wordings.map((one) =>
      wordedAs(
        one,
        [...byLabel].flatMap(([label, by]) => (by === one ? label : [])),
      ),
    );
    const isMixed = new Set(byLabel.values()).size > 1;
    return [
      ...(isMixed
        ? [
            {
              kind: "wording",
              text: `The models were asked with different wordings: ${worded.join(", ")}.`,
              protocol,
            } as const,
          ]
        : []),
      ...same.flatMap((one) => differenceOf(one, same)),
    ];
  });
}

/** Says which models were asked in a wording; of many models, only how many. */
function wordedAs(wording: string, labels: readonly string[]): string {
  return `${labels.length > FEW_MODELS ? `${labels.length} models` : labels.join(" and ")} as ${wording}`;
}

/** Warns when questions, prompts or template of a benchmark differ between models with the same wording. */
function differenceOf({ result: { benchmark, wording, protocol } }: Asked, all: readonly Asked[]): readonly Warning[] {
  const alike = all.filter(({ result }) => result.benchmark === benchmark && result.wording === wording);
  const askedAlike = new Set(alike.map(({ result }) => JSON.stringify(result.fingerprints))).size === 1;
  const templates = new Set(alike.flatMap(({ result }) => result.template ?? []));
  if (askedAlike && templates.size < 2) return [];
  const labels = alike.map(({ label }) => label).join(" and ");
  const what = askedAlike ? "template" : "questions or prompts";
  const text = `Do not compare ${labels} on ${benchmark}: its ${what} changed between these stages.`;
  return [{ kind: "not-comparable", text, benchmark, protocol }];
}

/** Warns if precision is undefined because no answer is positive. The metric then returns 0. */
function undefinedMetrics({ id, results, answers }: LoadedRun, stage: string): readonly Warning[] {
  return results.flatMap(({ benchmark, protocol, metrics, ...result }) => {
    if (result.stage !== stage || metrics["precision"]?.value !== 0) return [];
    const kept = answers.get(placeOf(stage, benchmark))?.answers ?? [];
    if (kept.length === 0 || kept.some(({ extracted }) => extracted === "yes")) return [];
    const text = `The precision of ${benchmark} at ${stage} is undefined, since no answer is "yes"; it is shown as 0.`;
    return [{ kind: "undefined-metric", text, run: id, stage, benchmark, protocol }];
  });
}

/** Warns, once per model and protocol, of benchmarks to which many answers could not be read. */
function unreadableAnswers(results: readonly ResultView[], label: string): readonly Warning[] {
  const many = results.filter(({ unreadable }) => unreadable >= MANY_UNREADABLE);
  return [...new Set(many.map(({ protocol }) => protocol))].map((protocol): Warning => {
    const own = many.filter((one) => one.protocol === protocol);
    const [first] = own;
    const shares = own.map(({ benchmark, unreadable }) => `${percent(unreadable)} % to ${benchmark}`);
    const text =
      first && own.length === 1
        ? `${percent(first.unreadable)} % of the answers of ${label} to ${first.benchmark} (${protocol}) could not be read and count as wrong.`
        : `Answers of ${label} (${protocol}) that could not be read count as wrong: ${shares.join(", ")}.`;
    return {
      kind: "unreadable-answers",
      text,
      protocol,
      ...(first && own.length === 1 && { benchmark: first.benchmark }),
    };
  });
}

function truncatedPrompts(
  { benchmark, protocol, truncatedPrompts: share = 0, questions }: ResultView,
  label: string,
): readonly Warning[] {
  if (share === 0) return [];
  const text = `${percent(share)} % of the prompts of ${label} on ${benchmark} (${protocol}, ${counted(questions, "question")}) were too long and were truncated.`;
  return [{ kind: "truncated-prompts", text, benchmark, protocol }];
}

/**
 * Warns of benchmarks on which models cannot be compared, once per reason. A model whose answers are missing has a warning
 * of its own, so none is repeated here.
 */
function notCompared(comparisons: readonly ComparisonView[], models: readonly LoadedModel[]): readonly Warning[] {
  const byId = new Map(models.map((one) => [one.model.id, one]));
  const lacks = (id: string, benchmark: string): boolean =>
    byId
      .get(id)
      ?.evaluations.some(({ loaded, stage }) =>
        loaded.problems.some((one) => one.stage === stage && one.benchmark === benchmark),
      ) ?? false;
  const labelOf = (id: string): string => byId.get(id)?.model.label ?? id;
  const found = new Map<string, Warning>();
  for (const { base, model, notCompared: left } of comparisons) {
    for (const { benchmark, protocol, reason } of left) {
      const key = JSON.stringify([benchmark, protocol, reason]);
      if (found.has(key) || lacks(base, benchmark) || lacks(model, benchmark)) continue;
      const text = `${labelOf(model)} and ${labelOf(base)} are not compared on ${benchmark} (${protocol}): ${reason}`;
      found.set(key, { kind: "not-comparable", text, benchmark, protocol });
    }
  }
  return [...found.values()];
}
