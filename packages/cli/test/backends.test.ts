import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Finished, openSession } from "./command-line.ts";

const installed = (name: string): string => fileURLToPath(new URL(`../../../node_modules/${name}`, import.meta.url));

/** The folder of three projects: without the TensorFlow backend, with it, and with a trainer-gpu that depends on it. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mlan-backends-"));
  for (const project of ["bare", "full", "nested"]) {
    await mkdir(join(folder, project), { recursive: true });
    await writeFile(join(folder, project, "package.json"), JSON.stringify({ name: project }));
  }
  const link = async (target: string, place: string): Promise<void> => {
    await mkdir(dirname(join(folder, place)), { recursive: true });
    await symlink(target, join(folder, place));
  };
  const backend = installed("@mlan/backend-tensorflow");
  await link(backend, "full/node_modules/@mlan/backend-tensorflow");
  const trainer = "nested/node_modules/@mlan/trainer-gpu";
  await link(backend, `${trainer}/node_modules/@mlan/backend-tensorflow`);
  await writeFile(join(folder, trainer, "package.json"), JSON.stringify({ name: "@mlan/trainer-gpu" }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Simulates a machine without programs, Python environments and cache. */
const typed = openSession(() => ({
  CXX: "",
  MLAN_TENSORFLOW: "",
  MLAN_TENSORFLOW_BINDING: "",
  MLAN_PYTHON: "",
  VIRTUAL_ENV: "",
  CONDA_PREFIX: "",
  PATH: join(folder, "bin"),
  MLAN_CACHE: join(folder, "cache"),
}));
const mlan = (project: string, ...words: readonly string[]): Promise<Finished> => typed(words, join(folder, project));

describe("mlan doctor", () => {
  test("names what a machine lacks, with the commands, and ends with 0 because one backend computes", async () => {
    const { status, stdout, stderr } = await mlan("full", "doctor");
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^backend onnx +state +found\ncomputes +ok +a matrix product on the CPU$/m);
    expect(stdout).toMatch(/^backend tensorflow +state +found$/m);
    expect(stdout).toMatch(/^C\+\+ compiler +missing +No C\+\+ compiler was found; tried g\+\+ \(not on PATH\)/m);
    expect(stdout).toMatch(/^TensorFlow +missing +No TensorFlow was found. Searched:$/m);
    expect(stdout).toMatch(/^ +-> Install one: python3 -m venv \.venv && \.venv\/bin\/pip install tensorflow$/m);
    expect(stdout).toMatch(/^binding +missing +.*\n +-> npm run mlan -- backend install tensorflow$/m);
    expect(stdout).toMatch(/^GPU devices +unused/m);
    expect(status).toBe(0);
  });

  test("says that the TensorFlow backend is not installed in the project, and how to install it", async () => {
    const { status, stdout } = await mlan("bare", "doctor");
    expect(stdout).toMatch(/^package +unused +@mlan\/backend-tensorflow is not installed here\.$/m);
    expect(stdout).toMatch(/^ +-> npm install --ignore-scripts @mlan\/trainer-gpu$/m);
    expect(status).toBe(0);
  });
});

describe("mlan backend install tensorflow", () => {
  test("needs the package in the project", async () => {
    const { status, stdout, stderr } = await mlan("bare", "backend", "install", "tensorflow");
    expect(stderr).toBe(
      "error: @mlan/backend-tensorflow is not installed here. " +
        "Install it: npm install --ignore-scripts @mlan/trainer-gpu\n",
    );
    expect([status, stdout]).toEqual([1, ""]);
  });

  test.each(["full", "nested"])("lists all places where it looked, in the project %s", async (project) => {
    const { status, stdout, stderr } = await mlan(project, "backend", "install", "tensorflow");
    expect(stderr).toMatch(/^error: No TensorFlow was found\. Searched:\n {2}\.venv: there is no \S+\n/);
    expect(stderr).toMatch(
      /\nor, without Python, name a wheel: npm run mlan -- backend install tensorflow --wheel FILE\n$/,
    );
    expect([status, stdout]).toEqual([1, ""]);
  });

  test.each([
    ["--wheel", "a.whl", /^error: There is no file \S+full\/a\.whl\. Download one: pip download/],
    ["--library", "lib", /^error: --library lib has no TensorFlow: there is no folder/],
    ["--python", "/no/python", /^error: --python \/no\/python has no TensorFlow: there is no \/no\/python/],
  ])("passes %s on", async (option, value, expected) => {
    const { status, stderr } = await mlan("full", "backend", "install", "tensorflow", option, value);
    expect(stderr).toMatch(expected);
    expect(status).toBe(1);
  });

  test("knows no other backend", async () => {
    const { status, stderr } = await mlan("full", "backend", "install", "torch");
    expect(stderr).toMatch(/^error: command-argument value 'torch' is invalid .*Allowed choices are tensorflow\./);
    expect(status).toBe(1);
  });
});
