import type { PartResult } from "./parts.ts";
import type { ReportLine } from "./report-line.ts";

export interface CheckResult {
  readonly date: string;
  readonly machine: string;
  /** Whether the sizes for a software GPU were used. */
  readonly small: boolean;
  readonly parts: readonly PartResult[];
}

/** Whether each part of the conformance tests finished and all its tests passed. */
export function conforms({ parts }: CheckResult): boolean {
  const conformance = parts.filter(({ group }) => group === "conformance");
  return conformance.length > 0 && conformance.every(({ outcome }) => outcome === "passed");
}

/** Returns the report as Markdown. */
export function reportText(result: CheckResult): string {
  const { parts } = result;
  const sections = [
    `# The check of a GPU, ${result.date}`,
    [
      ...parts.flatMap(({ lines }) => lines).flatMap((line) => (line.kind === "fact" ? [line] : [])),
      { name: "machine", value: result.machine },
      ...(result.small ? [{ name: "sizes", value: "small: the times say nothing about a GPU" }] : []),
    ]
      .filter(
        ({ name, value }, index, all) => all.findIndex((one) => one.name === name && one.value === value) === index,
      )
      .map(({ name, value }) => `- ${name}: ${value}`)
      .join("\n"),
    `## Conformance: ${conforms(result) ? "passed" : "FAILED"}`,
    tests(parts, "conformance"),
    "## The miniature recipe, compared with the CPU",
    recipe(parts),
    "## Speed, compared with PyTorch on CUDA",
    speed(parts),
    "## All kernels",
    "Some of these tests fail on every GPU: KERNELS.md of `@mlan/backend-onnx` lists what is refused or different there.",
    tests(parts, "kernels"),
    "## All parts",
    table(["part", "outcome", "seconds", "message"], parts.map(row)),
  ];
  return `${sections.join("\n\n")}\n`;
}

function row({ name, outcome, seconds, message = "" }: PartResult): readonly string[] {
  return [name, outcome, seconds.toFixed(1), message];
}

function tests(parts: readonly PartResult[], group: PartResult["group"]): string {
  const chosen = parts.filter((part) => part.group === group);
  const count = ({ lines }: PartResult, outcome: string): string =>
    `${lines.filter((line) => line.kind === "test" && line.outcome === outcome).length}`;
  const counts = table(
    ["tests", "outcome", "passed", "failed", "skipped"],
    chosen.map((part) => [
      part.name,
      part.outcome,
      count(part, "passed"),
      count(part, "failed"),
      count(part, "skipped"),
    ]),
  );
  const failed = chosen.flatMap(({ name, lines }) =>
    lines.flatMap((line) =>
      line.kind === "test" && line.outcome === "failed" ? [[name, line.name, line.message]] : [],
    ),
  );
  return failed.length === 0 ? counts : `${counts}\n\n${table(["tests", "failed", "message"], failed)}`;
}

function recipe(parts: readonly PartResult[]): string {
  const [ours, theirs] = ["recipe on webgpu", "recipe on cpu"].map((name) => stepsOf(parts, name));
  const stages = [...new Set([...(ours ?? []), ...(theirs ?? [])].map(({ stage }) => stage))];
  const rows = stages.map((stage) => {
    const [mine, other] = [ours, theirs].map((steps) => (steps ?? []).filter((step) => step.stage === stage));
    const both = Math.min(mine?.length ?? 0, other?.length ?? 0);
    const largest = largestDifference(mine ?? [], other ?? []);
    return [
      stage,
      `${both} of ${Math.max(mine?.length ?? 0, other?.length ?? 0)}`,
      losses(mine ?? []),
      losses(other ?? []),
      both === 0 ? "" : largest.toExponential(1),
      milliseconds(mine ?? []),
      milliseconds(other ?? []),
    ];
  });
  const head = ["stage", "steps on both", "losses on WebGPU", "on the CPU", "largest relative difference"];
  return table([...head, "median step on WebGPU", "on the CPU"], rows);
}

function speed(parts: readonly PartResult[]): string {
  const names = parts.filter(({ group, name }) => group === "speed" && !name.endsWith(TORCH)).map(({ name }) => name);
  const rows = names.map((name) => {
    const [ours, theirs] = [name, `${name}${TORCH}`].map((one) => parts.find((part) => part.name === one));
    const [mine, other] = [timesOf(ours), timesOf(theirs)].map(median);
    const ratio = mine !== undefined && other !== undefined ? `${(mine / other).toFixed(2)} x` : "";
    return [name, shown(ours, mine), shown(theirs, other), ratio, agreement(ours, theirs)];
  });
  return table(["what", "WebGPU", "PyTorch", "ratio", "same results"], rows);
}

/** Suffix of the names of PyTorch's parts. */
export const TORCH = ", PyTorch";

function shown(part: PartResult | undefined, time: number | undefined): string {
  if (time !== undefined) return `${time.toFixed(1)} ms${part?.outcome === "passed" ? "" : ` (${part?.outcome})`}`;
  const missing = part?.lines.find((line) => line.kind === "missing");
  return missing?.kind === "missing" ? missing.reason : (part?.outcome ?? "not asked");
}

/** Returns the milliseconds of all steps or answers except the first, which compiles. */
function timesOf(part: PartResult | undefined): readonly number[] {
  const times = (part?.lines ?? []).flatMap((line) =>
    line.kind === "step" || line.kind === "decode" ? [line.milliseconds] : [],
  );
  return times.slice(1);
}

function agreement(ours: PartResult | undefined, theirs: PartResult | undefined): string {
  const [mine, other] = [ours, theirs].map((part) => part?.lines ?? []);
  const [steps, otherSteps] = [mine, other].map((lines) => (lines ?? []).filter((line) => line.kind === "step"));
  if (steps?.length && otherSteps?.length)
    return `losses within ${(100 * largestDifference(steps, otherSteps)).toPrecision(2)} %`;
  const [answer, otherAnswer] = [mine, other].map((lines) => lines?.find((line) => line.kind === "decode"));
  if (answer?.kind !== "decode" || otherAnswer?.kind !== "decode") return "";
  const length = Math.min(answer.tokens.length, otherAnswer.tokens.length);
  const first = answer.tokens.findIndex((token, index) => index < length && token !== otherAnswer.tokens[index]);
  return `${first < 0 ? length : first} of ${length} tokens before the first different one`;
}

type Step = Extract<ReportLine, { kind: "step" }>;

function stepsOf(parts: readonly PartResult[], name: string): readonly Step[] {
  const lines = parts.find((part) => part.name === name)?.lines ?? [];
  return lines.filter((line) => line.kind === "step");
}

/** Returns the largest difference relative to the second argument; NaN if a loss is NaN. */
function largestDifference(ours: readonly Step[], theirs: readonly Step[]): number {
  const both = Math.min(ours.length, theirs.length);
  return Array.from({ length: both }, (_, step) => {
    const [mine, other] = [ours[step]?.loss ?? NaN, theirs[step]?.loss ?? NaN];
    return Math.abs(mine - other) / Math.abs(other);
  }).reduce((largest, difference) => (difference <= largest ? largest : difference), 0);
}

function losses(steps: readonly Step[]): string {
  const [first, last] = [steps[0], steps.at(-1)];
  return first && last ? `${first.loss.toFixed(6)} to ${last.loss.toFixed(6)}` : "none";
}

function milliseconds(steps: readonly Step[]): string {
  const time = median(steps.map((step) => step.milliseconds).slice(1));
  return time === undefined ? "" : `${time.toFixed(1)} ms`;
}

/** Undefined for an empty list. */
function median(values: readonly number[]): number | undefined {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "Nothing was measured.";
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

function cell(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|").slice(0, CELL_LENGTH);
}

const CELL_LENGTH = 400;
