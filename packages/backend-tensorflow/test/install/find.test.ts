import { execFileSync } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { machine, pythonWith, unpackedWheel } from "./machine.ts";
import { install } from "./outcome.ts";

// None of these machines has a compiler, so an install ends after TensorFlow was found.
const FOUND = /^TensorFlow (\S+) \((\S+)\) in (\S+), by (.+)$/;

describe("TensorFlow is found", () => {
  test.each([
    ["the unpacked wheel", "site"],
    ["its tensorflow folder", "site/tensorflow"],
  ])("in %s that --library names", async (_, path) => {
    await using here = await machine();
    const folder = await unpackedWheel(here, "work/site");
    const { lines, error } = await install(here, { library: path });
    expect(FOUND.exec(lines[0] ?? "")?.slice(1)).toEqual(["2.21.0", "tensorflow-cpu", folder, `--library ${path}`]);
    expect(error).toMatch(/^unavailable: No C\+\+ compiler was found/);
  });

  test.each(["", "/lib"])("in the C library's folder%s, with the version of the file's name", async (below) => {
    await using here = await machine();
    await here.file("c/lib/libtensorflow.so.2.18.0", "library");
    await here.file("c/lib/libtensorflow_framework.so.2", "framework");
    await here.file("c/include/tensorflow/c/eager/c_api.h");
    await symlink("libtensorflow.so.2.18.0", join(here.folder, "c/lib/libtensorflow.so.2"));
    const { lines } = await install(here, { library: join(here.folder, `c${below}`) });
    expect(FOUND.exec(lines[0] ?? "")?.slice(1, 4)).toEqual(["2.18.0", "libtensorflow", join(here.folder, "c/lib")]);
  });

  test("under macOS's names on macOS", async () => {
    await using here = await machine({ platform: "darwin", architecture: "arm64" });
    await here.file("site/tensorflow/libtensorflow_cc.2.dylib");
    await here.file("site/tensorflow/libtensorflow_framework.2.dylib");
    await here.file("site/tensorflow/include/tensorflow/c/eager/c_api.h");
    const { lines, error } = await install(here, { library: join(here.folder, "site") });
    expect(lines[0]).toMatch(FOUND);
    expect(error).toMatch(/Install one: xcode-select --install;/);
  });

  test("by what is nearest first: options, variables, environments, the working folder, python3", async () => {
    const order = ["--python", "MLAN_TENSORFLOW", "MLAN_PYTHON", "VIRTUAL_ENV", "CONDA_PREFIX", ".venv", "python3"];
    for (const [index, nearest] of order.entries()) {
      await using here = await machine();
      const variables: Record<string, string> = {};
      let python: string | undefined;
      for (const place of order.slice(index)) {
        const script = pythonWith(await unpackedWheel(here, `packages-of-${place}`));
        if (place === "--python") python = await here.program("own/python", script);
        if (place === "MLAN_TENSORFLOW") variables[place] = join(here.folder, `packages-of-${place}`);
        if (place === "MLAN_PYTHON") variables[place] = await here.program("named/python", script);
        if (place === "VIRTUAL_ENV" || place === "CONDA_PREFIX") {
          await here.program(`${place}/bin/python`, script);
          variables[place] = join(here.folder, place);
        }
        if (place === ".venv") await here.program("work/.venv/bin/python", script);
        if (place === "python3") await here.program("bin/python3", script);
      }
      const environment = { ...here.environment, variables: { ...here.environment.variables, ...variables } };
      const { lines } = await install({ environment }, python === undefined ? {} : { python });
      expect(lines[0]).toContain(`packages-of-${nearest}/tensorflow, by ${nearest}`);
    }
  });

  test("by a real Python, which does not import it and does not mind a folder called tensorflow", async (context) => {
    const python = realPython();
    if (python === undefined) return context.skip("there is no python3");
    await using here = await machine();
    await mkdir(join(here.folder, "work/tensorflow"));
    await unpackedWheel(here, "packages", { "tensorflow/__init__.py": "raise SystemExit('imported')" });
    const variables = { ...here.environment.variables, PYTHONPATH: join(here.folder, "packages") };
    const { lines } = await install({ environment: { ...here.environment, variables } }, { python });
    expect(FOUND.exec(lines[0] ?? "")?.slice(1, 3)).toEqual(["2.21.0", "tensorflow-cpu"]);
  });
});

describe("where there is no TensorFlow", () => {
  test("the error lists every place and the next commands", async () => {
    await using here = await machine();
    await here.program("work/.venv/bin/python", pythonWith());
    const { error } = await install(here);
    expect(error).toBe(
      [
        "unavailable: No TensorFlow was found. Searched:",
        `  .venv: ${join(here.folder, "work/.venv/bin/python")} (Python 3.12.1) has no package tensorflow`,
        "  python3: there is no python3",
        "  the binding built last: none",
        "  the wheel unpacked last: none",
        "Install one: python3 -m venv .venv && .venv/bin/pip install tensorflow",
        "or, without Python, name a wheel: npx mlan backend install tensorflow --wheel FILE",
      ].join("\n"),
    );
  });

  test.each([
    ["no folder", {}, "nowhere", /there is no folder .*nowhere/],
    ["a file", { "x/site": "" }, "site", /site is not a folder/],
    [
      "something else",
      { "x/site/torch/lib.so": "" },
      "site",
      /has neither libtensorflow_cc\.so\.2 nor libtensorflow\.so\.2/,
    ],
    [
      "half of the library",
      { "x/site/tensorflow/libtensorflow_cc.so.2": "" },
      "site",
      /libtensorflow_framework\.so\.2 does not exist beside libtensorflow_cc\.so\.2/,
    ],
    [
      "no headers",
      { "x/site/lib/libtensorflow.so.2": "", "x/site/lib/libtensorflow_framework.so.2": "" },
      "site",
      /has the library but no headers: .*c_api\.h does not exist/,
    ],
  ])("a folder with %s is refused by name", async (_, files, folder, expected) => {
    await using here = await machine();
    for (const [path, content] of Object.entries(files)) await here.file(path, content);
    const library = join(here.folder, "x", folder);
    const { error } = await install(here, { library });
    expect(error).toContain(`invalid-options: --library ${library} has no TensorFlow: `);
    expect(error).toMatch(expected);
  });

  test.each([
    ["there is none", undefined, /there is no \S+python/],
    ["it fails", "echo 'no module named json' >&2; exit 1", /failed: no module named json/],
    ["it is no Python", "echo hello", /python is not a Python/],
    ["it has none", pythonWith(), /\(Python 3\.12\.1\) has no package tensorflow/],
    ["its folder is gone", pythonWith("/nowhere/tensorflow"), /there is no folder \/nowhere\/tensorflow/],
  ])("a Python is refused: %s", async (_, script, expected) => {
    await using here = await machine();
    const python = join(here.folder, "own/python");
    if (script !== undefined) await here.program("own/python", script);
    const { error } = await install(here, { python });
    expect(error).toContain(`invalid-options: --python ${python} has no TensorFlow: `);
    expect(error).toMatch(expected);
  });
});

test.each([
  ["win32", "x64"],
  ["linux", "ia32"],
])("on %s %s it says where to go", async (platform, architecture) => {
  await using here = await machine({ platform, architecture });
  expect((await install(here)).error).toBe(
    `unavailable: The TensorFlow backend supports Linux and macOS (x64, arm64), not ${platform} ${architecture}. ` +
      "Use trainer-cpu on this platform, or Linux (on Windows: WSL2) for TensorFlow.",
  );
});

test("two places exclude each other, and an unknown option is refused", async () => {
  await using here = await machine();
  expect((await install(here, { wheel: "a.whl", python: "python3" })).error).toMatch(
    /^invalid-options: .*wheel and python exclude each other/,
  );
  expect((await install(here, JSON.parse('{"weel": "a.whl"}'))).error).toMatch(/^invalid-options: .*weel/s);
});

function realPython(): string | undefined {
  try {
    return execFileSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}
