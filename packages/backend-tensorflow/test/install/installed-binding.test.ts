import { rm } from "node:fs/promises";
import { join } from "node:path";
import { installedBinding } from "@mlan/backend-tensorflow";
import { MlanError } from "@mlan/core";
import { describe, expect, test } from "vitest";
import { bindingFolder } from "./binding-folder.ts";
import { type Machine, machine } from "./machine.ts";

async function stockPackage({ file, folder }: Machine): Promise<string> {
  await file("tfjs-node-gpu/package.json", JSON.stringify({ version: "4.22.0" }));
  await file("tfjs-node-gpu/lib/napi-v8/tfjs_binding.node");
  await file("tfjs-node-gpu/deps/lib/libtensorflow.so.2.9.1");
  return join(folder, "tfjs-node-gpu");
}

describe("the installed binding", () => {
  test("is none on a fresh machine", async () => {
    await using here = await machine();
    expect(installedBinding(here.environment)).toBe(undefined);
  });

  test("is the newest in the cache", async () => {
    await using here = await machine();
    await bindingFolder(here, "b", { built: "2026-01-02T03:04:05.000Z" });
    const file = await bindingFolder(here, "a", { built: "2026-02-02T03:04:05.000Z", tensorFlowVersion: "2.22.0" });
    await bindingFolder(here, "c", { built: "2025-12-02T03:04:05.000Z" });
    expect(installedBinding(here.environment)).toEqual({
      file,
      kind: "built",
      tensorFlowVersion: "2.22.0",
      libraryFolder: join(here.folder, "site/tensorflow"),
      cuda: undefined,
      cudaLibraries: [],
    });
  });

  test.each([
    ["of another system", { platform: "darwin" }],
    ["of another processor", { architecture: "arm64" }],
    ["of another tfjs-node-gpu", { bindingVersion: "4.21.0" }],
    ["whose TensorFlow is gone", { libraries: ["/nowhere/libtensorflow_cc.so.2"] }],
    ["of a format that is not known", { formatVersion: 2 }],
  ])("is not one %s", async (_, changes) => {
    await using here = await machine();
    await bindingFolder(here, "a", changes);
    expect(installedBinding(here.environment)).toBe(undefined);
    const file = await bindingFolder(here, "older", { built: "2020-01-02T03:04:05.000Z" });
    expect(installedBinding(here.environment)?.file).toBe(file);
  });

  test("is not one that is damaged, or that was left half built", async () => {
    await using here = await machine();
    await bindingFolder(here, "a.4194305.tmp");
    await rm(await bindingFolder(here, "b"));
    await bindingFolder(here, "c");
    await here.file("cache/tensorflow/bindings/c/binding.json", '{"formatVersion": 1, "bind');
    await here.file("cache/tensorflow/bindings/d/readme.txt", "mine");
    expect(installedBinding(here.environment)).toBe(undefined);
  });

  test("is the stock install where nothing was built", async () => {
    await using here = await machine();
    const bindingPackage = await stockPackage(here);
    const environment = { ...here.environment, bindingPackage };
    expect(installedBinding(environment)).toMatchObject({
      file: join(bindingPackage, "lib/napi-v8/tfjs_binding.node"),
      kind: "stock",
      tensorFlowVersion: "2.9.1",
      libraryFolder: join(bindingPackage, "deps/lib"),
    });
    const built = await bindingFolder(here, "a");
    expect(installedBinding(environment)).toMatchObject({ file: built, kind: "built" });
    await rm(join(here.folder, "cache"), { recursive: true });
    await rm(join(bindingPackage, "deps"), { recursive: true });
    expect(installedBinding(environment)).toBe(undefined);
  });

  test("is the file that MLAN_TENSORFLOW_BINDING names, before all others", async () => {
    await using here = await machine();
    await bindingFolder(here, "a", { tensorFlowVersion: "2.20.0" });
    const named = (file: string): ReturnType<typeof installedBinding> =>
      installedBinding({
        ...here.environment,
        variables: { ...here.environment.variables, MLAN_TENSORFLOW_BINDING: file },
      });
    expect(named(await here.file("own/addon.node"))).toMatchObject({ kind: "built", tensorFlowVersion: "unknown" });
    const older = await bindingFolder(here, "older", { built: "2020-01-02T03:04:05.000Z" });
    expect(named(older)).toMatchObject({ file: older, tensorFlowVersion: "2.21.0" });
    expect(() => named("nowhere.node")).toThrow(MlanError);
    expect(() => named("nowhere.node")).toThrow(/MLAN_TENSORFLOW_BINDING names \S+work\/nowhere\.node, which does not/);
  });

  test("has the CUDA libraries in load order, from the folders beside TensorFlow first", async () => {
    await using here = await machine({ variables: { LD_LIBRARY_PATH: "" } });
    await bindingFolder(here, "a", { cuda: { cuda: "12.5.1", cudnn: "9" } });
    const beside = await Promise.all(
      ["cudnn/lib/libcudnn.so.9", "cublas/lib/libcublas.so.12", "cublas/lib/libcublasLt.so.12"].map((path) =>
        here.file(`site/nvidia/${path}`),
      ),
    );
    await here.file("root/usr/local/cuda-12.4/lib64/libcublas.so.12");
    const older = await here.file("root/usr/local/cuda-12.4/lib64/libcudart.so.12");
    await here.file("root/usr/local/cuda-11.8/lib64/libcudart.so.11.0");
    const [dnn, blas, blasLt] = beside;
    expect(installedBinding(here.environment)?.cudaLibraries).toEqual([older, blasLt, blas, dnn]);
  });
});
