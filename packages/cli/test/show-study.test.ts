import { readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { build, folder, run, useScratchStudies } from "../../study/test/small-study.ts";
import { openSession } from "./command-line.ts";

const typed = openSession();
useScratchStudies();

test("show prints the arms of a study side by side, as means over seeds, and a run that cannot be read", async () => {
  await run(build({ seeds: [1, 2] }));
  const path = fileURLToPath(folder);
  const { status, stdout } = await typed(["show", path]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^small, means over the seeds 1, 2$/m);
  expect(stdout).toMatch(/^benchmark +metric +base +language +vision +n$/m);
  expect(stdout).toMatch(/^bench +accuracy +300\.0 +600\.0 +600\.0 +1\n +over seeds +300\.0 to 300\.0 +600\.0 to/m);
  expect(stdout).toMatch(/^Runs of letters$/m);
  const json = JSON.parse((await typed(["show", path, "--json"])).stdout);
  expect(json).toMatchObject({ kind: "study", models: [{ id: "base" }, { id: "language" }, { id: "vision" }] });
  const [first] = json.runs;
  await writeFile(`${first.folder}manifest.json`, "{");
  const damaged = await typed(["show", path]);
  expect(damaged.status).toBe(1);
  expect(damaged.stdout).toMatch(
    /^base +small +1 +unreadable\b[^]*^base, seed 1: .*manifest\.json is not JSON.* run the study again/m,
  );
  expect((await typed(["show", path, "--json"])).status).toBe(1);
  const edited = `${json.runs[1].folder}results.json`;
  await writeFile(edited, (await readFile(edited, "utf8")).replace(/"value": ?6/, `"value": 7`));
  expect((await typed(["show", path])).stdout).toMatch(
    /^language, seed 1: results\.json was edited or damaged: .*\. Run the study again in its folder to recreate it\.$/m,
  );
  await rm(new URL("study.json", folder));
  expect((await typed(["show", path])).stderr).toMatch(/is not a run folder: it has no manifest\.json/);
});
