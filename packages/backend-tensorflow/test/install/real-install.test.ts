import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { cp, mkdir, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { installedBinding, installTensorFlow } from "@mlan/backend-tensorflow";
import { expect, test } from "vitest";
import { describeWithTensorFlow } from "../../../../tools/tensorflow/describe-with-tensorflow.ts";
import { machine, type Machine } from "./machine.ts";
import { install } from "./outcome.ts";

const installed = installedBinding();

/** Returns an environment with this machine's compiler and a separate cache. */
async function thisMachine(): Promise<Machine> {
  return machine({
    platform: process.platform,
    architecture: process.arch,
    systemRoot: "/",
    variables: { PATH: process.env["PATH"] ?? "" },
  });
}

describeWithTensorFlow("an install on this machine's TensorFlow", () => {
  test("builds, checks and reports; a second one finds it, unless it is damaged", async () => {
    await using here = await thisMachine();
    const sources = here.environment.bindingPackage ?? "";
    const before = readdirSync(sources, { recursive: true }).toSorted();
    const library = installed?.libraryFolder ?? "";
    const { report, lines, error } = await install(here, { library });
    expect(error).toBe(undefined);
    expect(report).toMatchObject({ built: true, libraryFolder: library, bindingVersion: "4.22.0" });
    expect(report?.tensorFlowVersion).toMatch(/^2\.\d+\.\d+/);
    expect(report?.devices[0]).toMatchObject({ type: "CPU", name: expect.stringContaining("device:CPU:0") });
    expect(report?.gpu.map(({ name }) => name)).toEqual(["CUDA libraries", "NVIDIA driver", "GPU devices"]);
    expect(lines.at(-1)).toBe("Checking it: a matrix product and its gradients");
    expect(installedBinding(here.environment)).toMatchObject({
      file: report?.file,
      kind: "built",
      tensorFlowVersion: report?.tensorFlowVersion,
    });
    expect(readdirSync(dirname(report?.file ?? "")).toSorted()).toEqual(["binding.json", "tfjs_binding.node"]);
    expect(readdirSync(sources, { recursive: true }).toSorted()).toEqual(before);

    const again = await install(here, { library });
    expect(again.report).toMatchObject({ built: false, file: report?.file });
    const nameless = await install(here);
    expect(nameless.report).toMatchObject({ built: false, foundBy: "the binding built last" });

    // Without a compiler, so that an attempt to build the binding again is an error.
    await here.file(
      join("cache/tensorflow/bindings", basename(dirname(report?.file ?? "")), "tfjs_binding.node"),
      "gone",
    );
    const variables = { ...here.environment.variables, PATH: "" };
    const damaged = await install({ environment: { ...here.environment, variables } }, { library });
    expect(damaged.lines).toContainEqual(expect.stringMatching(/^It does not work \(.*\); building it again$/s));
    expect(damaged.error).toMatch(/No C\+\+ compiler/);
  }, 300_000);

  test("refuses a library that lacks symbols by their names", async () => {
    await using here = await thisMachine();
    const [cc = "", framework = ""] = ["_cc", "_framework"].map((part) =>
      process.platform === "darwin" ? `libtensorflow${part}.2.dylib` : `libtensorflow${part}.so.2`,
    );
    const folder = join(here.folder, "hollow/tensorflow");
    await mkdir(folder, { recursive: true });
    const real = installed?.libraryFolder ?? "";
    await symlink(join(real, "include"), join(folder, "include"));
    await cp(join(real, framework), join(folder, framework));
    const source = await here.file("hollow.cc", 'extern "C" void TF_NewStatus() {}\n');
    execFileSync("c++", ["-shared", "-fPIC", source, "-o", join(folder, cc)]);
    const failed = await install(here, { library: folder });
    expect(failed.error).toMatch(
      /^unavailable: The TensorFlow in \S+ \(version unknown\) lacks symbols that the binding needs: TF/,
    );
    expect(failed.error).toContain("2.21 is verified");
    expect(installedBinding(here.environment)).toBe(undefined);
  });

  test("ends at once when it is stopped while it compiles, and leaves nothing", async () => {
    await using here = await thisMachine();
    const controller = new AbortController();
    const report = (line: string): void => {
      if (line.startsWith("Compiling")) setTimeout(() => controller.abort(new Error("stopped")), 500);
    };
    const library = installed?.libraryFolder ?? "";
    const stopped = installTensorFlow({ library, report, signal: controller.signal }, here.environment);
    await expect(stopped).rejects.toThrow("stopped");
    expect(readdirSync(join(here.folder, "cache/tensorflow/bindings"))).toEqual([]);
  });
});
