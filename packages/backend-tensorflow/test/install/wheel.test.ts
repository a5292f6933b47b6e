import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { MlanError } from "@mlan/core";
import { installTensorFlow } from "@mlan/backend-tensorflow";
import fc from "fast-check";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { type Machine, machine, WHEEL_FILES } from "./machine.ts";
import { install } from "./outcome.ts";

// None of these machines has a compiler, so an install ends after a wheel was unpacked.
const NAME = "tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64";
const UNPACKED = /^unavailable: No C\+\+ compiler was found/;

function wheelOf(files: Readonly<Record<string, string>>, level: 0 | 6 = 6): Uint8Array {
  return zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])), { level });
}

function without(...names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(WHEEL_FILES).filter(([name]) => !names.includes(name)));
}

const wheels = ({ folder }: Machine): string => join(folder, "cache/tensorflow/wheels");
const filesBelow = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
        .toSorted()
    : [];

describe("a wheel", () => {
  test("is unpacked without Python, as far as it is needed", async () => {
    await using here = await machine();
    const wheel = await here.file(`${NAME}.whl`, wheelOf(WHEEL_FILES));
    const { lines, error } = await install(here, { wheel });
    expect(error).toMatch(UNPACKED);
    const folder = join(wheels(here), NAME);
    expect(lines).toEqual([
      `Unpacking 7 files of ${NAME}.whl into ${folder}`,
      `TensorFlow 2.21.0 (tensorflow-cpu) in ${join(folder, "tensorflow")}, by --wheel ${wheel}`,
    ]);
    expect(filesBelow(folder)).toEqual(
      Object.keys(without("tensorflow/include/Eigen/Core", "tensorflow/python/keras/layers.py")).toSorted(),
    );
    expect(await readFile(join(folder, "tensorflow/libtensorflow_cc.so.2"), "utf8")).toBe("library");
  });

  test("is unpacked once, unless it has to be, and found again without being named", async () => {
    await using here = await machine();
    const wheel = await here.file(`${NAME}.whl`, wheelOf(WHEEL_FILES));
    const unpacking = expect.stringMatching(/^Unpacking/);
    expect((await install(here, { wheel })).lines).toContainEqual(unpacking);
    expect((await install(here, { wheel })).lines).not.toContainEqual(unpacking);
    expect((await install(here)).lines[0]).toMatch(/, by the wheel unpacked last$/);
    expect((await install(here, { wheel, force: true })).lines).toContainEqual(unpacking);
  });

  test("may be named by MLAN_TENSORFLOW", async () => {
    await using here = await machine({ variables: { MLAN_TENSORFLOW: `../${NAME}.whl` } });
    await here.file(`${NAME}.whl`, wheelOf(WHEEL_FILES));
    expect((await install(here)).lines.at(-1)).toContain(`by MLAN_TENSORFLOW ../${NAME}.whl`);
  });

  test("that was left half unpacked does not count, and goes", async () => {
    await using here = await machine();
    await here.file(`cache/tensorflow/wheels/${NAME}.4194305.tmp/tensorflow/libtensorflow_cc.so.2`, "half");
    expect((await install(here)).error).toContain("the wheel unpacked last: none");
    const wheel = await here.file(`${NAME}.whl`, wheelOf(WHEEL_FILES));
    await install(here, { wheel });
    expect(readdirSync(wheels(here))).toEqual([NAME]);
  });

  test("that is stopped in the middle leaves nothing", async () => {
    await using here = await machine();
    const wheel = await here.file(`${NAME}.whl`, wheelOf(WHEEL_FILES));
    const controller = new AbortController();
    const stopped = installTensorFlow(
      { wheel, signal: controller.signal, report: () => controller.abort(new Error("stopped")) },
      here.environment,
    );
    await expect(stopped).rejects.toThrow("stopped");
    expect(filesBelow(wheels(here))).toEqual([]);
  });
});

describe("a bad wheel ends with one clear error:", () => {
  const metadata = "tensorflow_cpu-2.21.0.dist-info/METADATA";
  const tags = "tensorflow_cpu-2.21.0.dist-info/WHEEL";
  test.each<readonly [string, string, Uint8Array | string | undefined, RegExp]>([
    [
      "none",
      "nowhere.whl",
      undefined,
      /^invalid-options: There is no file \S+nowhere\.whl\. Download one: pip download/,
    ],
    [
      "no zip",
      `${NAME}.whl`,
      "<html>403</html>",
      /^invalid-data: \S+ \(16 bytes\) is not a complete wheel: .*Download one/,
    ],
    ["empty", `${NAME}.whl`, "", /^invalid-data: \S+ \(0 bytes\) is not a complete wheel/],
    [
      "a zip of something",
      "a.whl",
      wheelOf({ "readme.txt": "hi" }),
      /is not a Python wheel: it has no \*\.dist-info\/METADATA/,
    ],
    [
      "another package",
      "torch-2.13.0-cp311-cp311-manylinux_2_27_x86_64.whl",
      wheelOf({ "torch/lib.so": "", "torch-2.13.0.dist-info/METADATA": "Name: torch\nVersion: 2.13.0\n" }),
      /is a wheel of torch 2\.13\.0\. Use a wheel of tensorflow\. Download one: pip download --no-deps tensorflow$/,
    ],
    [
      "a package of a similar name",
      "a.whl",
      wheelOf({ ...without(metadata), "x.dist-info/METADATA": "Name: tensorflow-datasets\nVersion: 4.9\n" }),
      /is a wheel of tensorflow-datasets 4\.9/,
    ],
    ...[
      ["macosx_12_0_arm64", "cp311-cp311-macosx_12_0_arm64"],
      ["win_amd64", "cp311-cp311-win_amd64"],
      ["manylinux_2_27_aarch64", "cp311-cp311-manylinux_2_27_aarch64"],
    ].map(
      ([platform = "", tag = ""]) =>
        [
          `for ${platform}`,
          `${NAME}.whl`,
          wheelOf({ ...WHEEL_FILES, [tags]: `Wheel-Version: 1.0\nTag: ${tag}\n` }),
          new RegExp(
            `is for ${platform}, but this machine is linux x64\\. Use the file that ends in manylinux_\\*_x86_64\\.whl$`,
          ),
        ] as const,
    ),
    [
      "for another platform by its file name only",
      "tensorflow-2.21.0-cp311-cp311-win_amd64.whl",
      wheelOf(without(tags)),
      /is for win_amd64, but this machine is linux x64/,
    ],
    [
      "without the library",
      `${NAME}.whl`,
      wheelOf(without("tensorflow/libtensorflow_cc.so.2")),
      /\(tensorflow-cpu 2\.21\.0\) lacks tensorflow\/libtensorflow_cc\.so\.2\. Use a newer TensorFlow \(2\.21 is verified\)/,
    ],
    [
      "that leads out of the folder",
      `${NAME}.whl`,
      wheelOf({ ...WHEEL_FILES, "tensorflow/include/absl/../../../../../evil.h": "evil" }),
      /is not a complete wheel: invalid relative path/,
    ],
  ])("%s", async (_, name, content, expected) => {
    await using here = await machine();
    const wheel = content === undefined ? join(here.folder, name) : await here.file(name, content);
    const { error } = await install(here, { wheel });
    expect(error).toMatch(expected);
    expect(error).toContain(name);
    expect(filesBelow(join(here.folder, "cache"))).toEqual([]);
  });

  test("one that fits a Mac is refused on Linux and taken on a Mac", async () => {
    await using mac = await machine({ platform: "darwin", architecture: "arm64" });
    const files = {
      "tensorflow/libtensorflow_cc.2.dylib": "library",
      "tensorflow/libtensorflow_framework.2.dylib": "framework",
      "tensorflow/include/tensorflow/c/eager/c_api.h": "// header",
      "tensorflow-2.21.0.dist-info/METADATA": "Name: tensorflow\nVersion: 2.21.0\n",
      "tensorflow-2.21.0.dist-info/WHEEL": "Tag: cp313-cp313-macosx_12_0_arm64\n",
    };
    const wheel = await mac.file("tensorflow-2.21.0-cp313-cp313-macosx_12_0_arm64.whl", wheelOf(files));
    expect((await install(mac, { wheel })).error).toMatch(UNPACKED);
    await using linux = await machine();
    expect((await install(linux, { wheel })).error).toMatch(/is for macosx_12_0_arm64/);
  });

  test("cut short anywhere, or with a byte changed in the middle of the library", async () => {
    await using here = await machine();
    const whole = wheelOf(WHEEL_FILES);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), async (length) => {
        const wheel = await here.file(`${NAME}.whl`, whole.slice(0, length));
        const failed = await installTensorFlow({ wheel }, here.environment).catch((error: unknown) => error);
        expect(MlanError.is(failed, "invalid-data"), String(failed)).toBe(true);
        expect(filesBelow(wheels(here))).toEqual([]);
      }),
      { numRuns: 50 },
    );
    // Stored without compression, the first file begins after its local header of 30 bytes and its name.
    const changed = Buffer.from(wheelOf(WHEEL_FILES, 0));
    changed.write("L", 30 + "tensorflow/libtensorflow_cc.so.2".length);
    const wheel = await here.file(`${NAME}.whl`, changed);
    expect((await install(here, { wheel })).error).toMatch(
      /^invalid-data: .* is not a complete wheel: a checksum is wrong/,
    );
    expect(filesBelow(wheels(here))).toEqual([]);
  });
});
