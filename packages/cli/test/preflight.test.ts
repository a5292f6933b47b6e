import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Finished, fixture, openSession, start, untilStep } from "./command-line.ts";

let root: string;
let project: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "mlan-preflight-"));
  project = join(root, "project");
  await mkdir(join(project, "node_modules"), { recursive: true });
  await mkdir(join(project, "pope/images"), { recursive: true });
  await symlink(
    fileURLToPath(new URL("../../../node_modules/@mlan", import.meta.url)),
    join(project, "node_modules/@mlan"),
  );
  const rows = ["a.png", "b.png"].map((image, id) => ({ question_id: id, question: "Is it?", answer: "yes", image }));
  await writeFile(join(project, "pope/test.json"), JSON.stringify(rows));
  await writeFile(join(project, "pope/images/a.png"), "image a");
  await writeFile(join(project, "pope/images/b.png"), "image b");
  await write("./pope");
});
afterEach(() => rm(root, { recursive: true, force: true }));

/**
 * Writes an experiment with two evaluations, of which only the second needs the data. Paths are written as a user types
 * them.
 */
async function write(folder: string, options = ""): Promise<void> {
  await writeFile(
    join(project, "experiment.mjs"),
    `import { onnx } from "@mlan/backend-onnx";
     import { evaluate, experiment } from "@mlan/core";
     import { pope } from "@mlan/data-pope";
     import { generation } from "@mlan/eval-generation";
     import { fakeModelPlugin, memoryBenchmark } from "@mlan/testing";
     const letters = memoryBenchmark("letters", [{ id: "a", images: [], text: "a", target: "yes" }]);
     export default experiment({
       name: "small",
       use: [fakeModelPlugin({ answer: () => "yes" }), onnx(), generation({ ${options} })],
       stages: [
         evaluate({ name: "first", benchmarks: [letters], protocol: "strict" }),
         evaluate({ name: "last", benchmarks: [pope({ folder: ${JSON.stringify(folder)} })], protocol: "strict" }),
       ],
     });`,
  );
}

const words = ["run", "experiment.mjs"];
const session = openSession();
const run = (): Promise<Finished> => session(words, project);

describe("mlan run looks at everything before it begins:", () => {
  test("a misspelt folder, and it leaves nothing behind", async () => {
    await write("./popes");
    const { status, stderr } = await run();
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: data-pope: there is no folder or file .*popes/m);
    expect(stderr).not.toContain("[1/2]");
    expect(existsSync(join(project, "runs/small"))).toBe(false);
  });

  test("a missing image", async () => {
    await rm(join(project, "pope/images/b.png"));
    const { status, stderr } = await run();
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: data-pope: there is no image "b\.png" in .*pope\/images/m);
    expect(stderr).not.toContain("[1/2]");
  });

  test("an image that changed in place, of equal size and time", async () => {
    expect((await run()).status).toBe(0);
    const image = join(project, "pope/images/b.png");
    await writeFile(image, "image c");
    await utimes(image, 1e9, 1e9);
    const { status, stderr } = await start(words, {}, project).finished; // without the state of the session
    expect(status).toBe(1);
    expect(stderr).toContain('the images of the data pope have changed since stage "last" began');
    await writeFile(image, "image b");
    expect((await run()).stderr.match(/already done/g)).toHaveLength(2);
  });
});

describe("a run resumes", () => {
  test("after its project has moved, with other options that change no answer", async () => {
    expect((await run()).status).toBe(0);
    await rename(project, join(root, "elsewhere"));
    project = join(root, "elsewhere");
    await write("pope/", 'batchSize: 3, featureCache: "features"');
    const { status, stderr } = await session([...words, "--folder", "runs/small/"], project);
    expect(stderr.match(/already done/g)).toHaveLength(2);
    expect(status).toBe(0);
  });
});

test("of two processes in one folder, one is refused, and the other's results do not change", async () => {
  const [folder, alone] = [join(root, "together"), join(root, "alone")];
  const alphabet = ["run", fixture("experiment.ts"), "--folder"];
  const first = start([...alphabet, folder], { PAUSE: "50" });
  await untilStep(1, folder, first);
  // So that it cannot end before the second has begun.
  first.process.kill("SIGSTOP");
  const refused = await session([...alphabet, folder]);
  first.process.kill("SIGCONT");
  expect(refused.status).toBe(1);
  expect(refused.stderr).toMatch(new RegExp(`^error: process ${first.process.pid} is running in .*together/`, "m"));
  expect((await first.finished).status).toBe(0);
  expect(await session([...alphabet, alone])).toMatchObject({ status: 0 });
  const timeless = async (place: string): Promise<string> =>
    (await readFile(join(place, "metrics.jsonl"), "utf8")).replaceAll(/"seconds":[^,}]*/g, "");
  expect(await timeless(folder)).toBe(await timeless(alone));
  const answers = "answers/after/next-letters.jsonl";
  expect(await readFile(join(folder, answers), "utf8")).toBe(await readFile(join(alone, answers), "utf8"));
});
