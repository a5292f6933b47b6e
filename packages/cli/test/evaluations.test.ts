import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, openSession } from "./command-line.ts";

const typed = openSession();

/** A folder with two runs of the experiment: the original, and one with a flipped answer. */
let folder: string;
const run = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mlan-evaluations-"));
  const { status, stderr } = await typed(["run", fixture("evaluations.ts"), "--folder", run("first")]);
  if (status !== 0) throw new Error(stderr);
});
/** A copy of the run with one file changed. */
const changed = async (name: string, file: string, change: (text: string) => string): Promise<string> => {
  await cp(run("first"), run(name), { recursive: true });
  await writeFile(join(run(name), file), change(await readFile(join(run(name), file), "utf8")));
  return run(name);
};
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("mlan score", () => {
  test("reads stored answers by every extractor and shows where they disagree", async () => {
    const { status, stdout } = await typed([
      "score",
      run("first"),
      "--experiment",
      fixture("evaluations.ts"),
      "--show",
      "1",
    ]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^early +animals \(strict\) +strict@1 \* +50\.0 ± 11\.\d +50\.0 +20$/m);
    expect(stdout).toMatch(/^ +first-mention@2 +100\.0 ± 0\.0 +0\.0 +10$/m);
    expect(stdout).toMatch(/^animals at early: extractors disagree on 10 answers$/m);
    expect(stdout).toMatch(/: "It is B", target "B": strict nothing, first-mention "B" \(correct\)$/m);
  });

  test("scores the rest when one answer file is damaged, and names that one", async () => {
    for (const [name, damage] of Object.entries({
      line: (text: string) => text.replace('"id":"q7"', '"id":"q8"'),
      header: (text: string) => text.slice(5),
    })) {
      const damaged = await changed(`damaged-${name}`, "answers/late/animals.jsonl", damage);
      const { status, stdout, stderr } = await typed(["score", damaged, "--experiment", fixture("evaluations.ts")]);
      expect(status).toBe(1);
      expect(stdout).toMatch(/^early +animals/m);
      expect(stdout).toMatch(/^reworded +animals/m);
      expect(stdout).not.toMatch(/^late /m);
      expect(stderr).toMatch(
        /^error: the answers to animals at late were not scored: line \d+ of .*animals\.jsonl is (damaged|not the header)/m,
      );
      expect(stderr).toMatch(/Run the experiment or study again in its folder|Delete the file to ask again/);
    }
  });

  test("says how to name one's own benchmark, and refuses a folder without answers", async () => {
    const missing = await typed(["score", run("first")]);
    expect(missing.status).toBe(1);
    expect(missing.stderr).toContain("the answers to animals were not scored: no installed plugin has that name.");
    const none = await typed(["score", join(folder, "nowhere")]);
    expect(none.stderr).toContain("nowhere/ does not exist. Give the path of a run folder.");
  });
});

describe("mlan compare", () => {
  test("compares two stages question by question", async () => {
    const { status, stdout } = await typed(["compare", `${run("first")}:early`, `${run("first")}:late`]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^animals .* 0 \/ 10 +0\.00\d+ +0\.00\d+ .*better$/m);
  });

  test("takes the last stage of a run unless it is named", async () => {
    const { stdout } = await typed(["compare", `${run("first")}:early`, run("first"), "--allow", "prompts"]);
    expect(stdout).toMatch(/^Second: .*first: reworded$/m);
  });

  test("refuses other prompts unless they are allowed, and a stage that does not exist", async () => {
    const refused = await typed(["compare", `${run("first")}:early`, `${run("first")}:reworded`]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/animals[\s\S]*prompts/);
    const allowed = await typed([
      "compare",
      `${run("first")}:early`,
      `${run("first")}:reworded`,
      "--allow",
      "prompts",
      "protocol",
    ]);
    expect(allowed.status).toBe(0);
    const wrong = await typed(["compare", `${run("first")}:erly`, run("first")]);
    expect(wrong.stderr).toContain('has no answers for a stage "erly". Stages with answers: early, late, reworded.');
  });

  test("compares stages of a run with a damaged one, and never takes an earlier stage for the last", async () => {
    const damaged = await changed("damaged-last", "answers/reworded/animals.jsonl", (text) => text.slice(5));
    const others = await typed(["compare", `${damaged}:early`, `${damaged}:late`]);
    expect(others.status).toBe(0);
    const last = await typed(["compare", damaged, run("first")]);
    expect(last.status).toBe(1);
    expect(last.stderr).toMatch(/line 1 of .*reworded.animals\.jsonl is not the header of an answer file/);
  });

  test("and score say which answers were edited, and what is missing of a run that is done", async () => {
    const answers = "answers/reworded/animals.jsonl";
    const edited = await changed("edited", answers, (text) => `${text.trimEnd()} \n`);
    const line = `the answers to animals at reworded were edited or damaged: ${answers}. Run the experiment or study again in its folder to recreate it.\n`;
    const compared = await typed(["compare", edited, `${run("first")}:reworded`]);
    expect([compared.status, compared.stdout.endsWith(`${edited}: ${line}`)]).toEqual([0, true]);
    const scored = await typed(["score", edited, "--experiment", fixture("evaluations.ts")]);
    expect([scored.status, scored.stdout.endsWith(line)]).toEqual([0, true]);
    const cut = await changed("cut", answers, (text) => `${text.split("\n").slice(0, 6).join("\n")}\n`);
    const remedy =
      "animals at reworded has 5 answers of 20. Run the experiment or study again in its folder to ask the rest.\n";
    expect((await typed(["compare", cut, run("first")])).stderr).toContain(remedy);
    const rest = await typed(["score", cut, "--experiment", fixture("evaluations.ts")]);
    expect([rest.status, rest.stderr]).toEqual([1, `error: ${remedy}`]);
    await rm(join(cut, answers));
    const lost = await typed(["score", cut, "--experiment", fixture("evaluations.ts")]);
    expect(lost.status).toBe(1);
    expect(lost.stderr).toMatch(/animals\.jsonl is missing\. Run the experiment or study again in its folder\.\n$/);
    expect((await typed(["compare", cut, run("first")])).stderr).toMatch(
      /animals\.jsonl is missing\. Run the experiment or study/,
    );
  });

  test.each(["metrics.jsonl", "ledger.json", "results.json"])(
    "and score need the answers only, also beside a damaged %s",
    async (file) => {
      const damaged = run(`without-${file}`);
      await cp(run("first"), damaged, { recursive: true });
      await writeFile(join(damaged, file), "damaged\n");
      const compared = await typed(["compare", `${damaged}:early`, `${damaged}:late`]);
      expect([compared.status, compared.stderr]).toEqual([0, ""]);
      const scored = await typed(["score", damaged, "--experiment", fixture("evaluations.ts")]);
      expect([scored.status, scored.stderr]).toEqual([0, ""]);
    },
  );

  test("refuses a run that is not done, and mlan score says how many answers it has", async () => {
    const half = run("half");
    const answers = "answers/reworded/animals.jsonl";
    await mkdir(join(half, "answers/reworded"), { recursive: true });
    const manifest = JSON.parse(await readFile(join(run("first"), "manifest.json"), "utf8"));
    manifest.stages.reworded = { done: false, started: manifest.created };
    await writeFile(join(half, "manifest.json"), JSON.stringify(manifest));
    const lines = (await readFile(join(run("first"), answers), "utf8")).split("\n");
    await writeFile(join(half, answers), `${lines.slice(0, 6).join("\n")}\n`);
    const { status, stderr } = await typed(["compare", half, run("first")]);
    expect(status).toBe(1);
    expect(stderr).toContain("has 5 answers of 20. Wait until the run has finished.");
    const scored = await typed(["score", half, "--experiment", fixture("evaluations.ts")]);
    expect(scored.status).toBe(1);
    expect(scored.stdout).toMatch(/^reworded +animals .* 5 of 20$/m);
    expect(scored.stderr).toContain(
      "has 5 answers of 20. Wait until the run has finished; if it was stopped, run the experiment",
    );
  });
});

describe("mlan contamination", () => {
  test("finds questions that occur in the training data, and scores the rest", async () => {
    const { status, stdout } = await typed(["contamination", fixture("leaking.ts"), "--run", run("first")]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^animals +20 +2 +10\.00 %/m);
    expect(stdout).toMatch(/^early +animals +accuracy +50\.0 ± \d+\.\d +55\.6 ± \d+\.\d +2$/m);
  });

  test("names answers that the experiment does not ask for, and damaged ones", async () => {
    const others = await changed("others", "manifest.json", (text) => text.replaceAll('"animals"', '"birds"'));
    for (const stage of ["early", "late", "reworded"]) {
      const answers = join(others, "answers", stage, "animals.jsonl");
      const text = (await readFile(answers, "utf8")).replace('"benchmark":"animals"', '"benchmark":"birds"');
      await writeFile(join(others, "answers", stage, "birds.jsonl"), stage === "late" ? text.slice(5) : text);
    }
    const { status, stdout, stderr } = await typed(["contamination", fixture("leaking.ts"), "--run", others]);
    expect(status).toBe(1);
    expect(stdout).toContain(
      "Not searched for and not scored: birds. The run has answers to them, but leaking does not",
    );
    expect(stderr).toMatch(/^error: the answers to birds at late were not scored: line 1 of /m);
  });

  test("refuses an experiment that trains on nothing", async () => {
    const { status, stderr } = await typed(["contamination", fixture("evaluations.ts")]);
    expect(status).toBe(1);
    expect(stderr).toContain("evaluations has no training stage");
  });
});
