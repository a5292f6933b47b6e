import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type Part, type PartResult, runPart } from "../device/parts.ts";
import { type CheckResult, conforms, reportText, TORCH } from "../device/report.ts";
import type { ReportLine } from "../device/report-line.ts";
import { partsOf, splitFile } from "../split-file.ts";

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

test("a file is cut into parts within the limit that make the file again", () => {
  const folder = mkdtempSync(join(tmpdir(), "mlan-gpu-test-"));
  folders.push(folder);
  const file = join(folder, "whole");
  const bytes = Buffer.from(Array.from({ length: 1003 }, (_, index) => index % 251));
  writeFileSync(file, bytes);
  const parts = splitFile(file, folder, "whole", 100);
  expect(parts.length).toBe(11);
  for (const part of parts) expect(statSync(part).size).toBeLessThanOrEqual(100);
  expect(Buffer.concat(parts.toSorted().map((part) => readFileSync(part)))).toEqual(bytes);
});

test("a limit of no bytes is refused", () => {
  expect(() => partsOf(10, 0)).toThrow("0 is not a part size");
  expect(partsOf(0, 10)).toEqual([{ start: 0, end: 0 }]);
});

test("a part that fails, hangs or tests nothing is reported, with its lines so far", async () => {
  const line = JSON.stringify({ kind: "test", name: "first", outcome: "passed" } satisfies ReportLine);
  const failing = await runPart(
    program(`console.log('${line}'); throw new Error("lost the device");`),
    60,
    process.env,
  );
  expect(failing).toMatchObject({ outcome: "failed", lines: [{ name: "first" }] });
  expect(failing.message).toMatch(/exit code 1.*lost the device/s);
  const hanging = program(`console.log('${line}'); setInterval(() => {}, 1000);`);
  expect(await runPart({ ...hanging, seconds: 2 }, 60, process.env)).toMatchObject({
    outcome: "timed out",
    message: "killed after 2 s",
    lines: [{ name: "first" }],
  });
  expect(await runPart(program(""), 60, process.env)).toMatchObject({ outcome: "failed" });
  expect(await runPart(program(`console.log('${line}')`), 60, process.env)).toMatchObject({ outcome: "passed" });
  expect(await runPart(program(`console.log('${line}')`), 0, process.env)).toMatchObject({ outcome: "no time left" });
});

test("a part whose program is missing is skipped if it is optional, otherwise it fails", async () => {
  const absent: Part = { ...program(""), group: "speed", program: "no-such-program" };
  expect(await runPart({ ...absent, optional: true }, 60, process.env)).toMatchObject({
    outcome: "left out",
    lines: [{ kind: "missing", reason: "no no-such-program" }],
  });
  expect(await runPart(absent, 60, process.env)).toMatchObject({ outcome: "failed" });
});

test("the report has losses beside the CPU's, ratios, and what failed", () => {
  const name = "d 4096, 2 layers: training step";
  const result = checked([
    ...conformance("passed"),
    part("recipe on webgpu", "recipe", [step("align", 2, 9), step("align", 1.001, 9)]),
    part("recipe on cpu", "recipe", [step("align", 2, 90), step("align", 1, 90)]),
    part(name, "speed", [step("train", 4, 999), step("train", 3, 600)]),
    part(`${name}${TORCH}`, "speed", [step("train", 4, 999), step("train", 3, 200)]),
    { ...part("kernels: sums", "kernels", []), outcome: "timed out", message: "killed after 40 s" },
  ]);
  const text = reportText(result);
  expect(text).toContain("- adapter 0: a GPU");
  expect(text).toContain("## Conformance: passed");
  expect(text).toContain(
    "| align | 2 of 2 | 2.000000 to 1.001000 | 2.000000 to 1.000000 | 1.0e-3 | 9.0 ms | 90.0 ms |",
  );
  expect(text).toContain(`| ${name} | 600.0 ms | 200.0 ms | 3.00 x | losses within 0.0 % |`);
  expect(text).toContain("| kernels: sums | timed out | 1.0 | killed after 40 s |");
});

test("a check conforms when all of the conformance passed, and only then", () => {
  expect(conforms(checked(conformance("passed")))).toBe(true);
  expect(conforms(checked([...conformance("passed"), ...conformance("timed out")]))).toBe(false);
  expect(conforms(checked([]))).toBe(false);
  const failed = part("conformance: kernels", "conformance", [
    { kind: "test", name: "matMul", outcome: "failed", message: "off | by one" },
  ]);
  const text = reportText(checked([{ ...failed, outcome: "failed" }]));
  expect(text).toContain("## Conformance: FAILED");
  expect(text).toContain("| conformance: kernels | matMul | off \\| by one |");
});

function program(code: string): Part {
  return {
    name: "conformance: one",
    group: "conformance",
    program: process.execPath,
    parameters: ["-e", code],
    seconds: 60,
  };
}

function conformance(outcome: PartResult["outcome"]): PartResult[] {
  const lines: ReportLine[] = [
    { kind: "fact", name: "adapter 0", value: "a GPU" },
    { kind: "test", name: "matMul", outcome: "passed" },
  ];
  return [{ ...part("conformance: kernels", "conformance", lines), outcome }];
}

function part(name: string, group: PartResult["group"], lines: readonly ReportLine[]): PartResult {
  return { name, group, outcome: "passed", seconds: 1, lines };
}

function step(stage: string, loss: number, milliseconds: number): ReportLine {
  return { kind: "step", stage, loss, milliseconds };
}

function checked(parts: readonly PartResult[]): CheckResult {
  return { date: "2026-11-27", machine: "one machine", small: false, parts };
}
