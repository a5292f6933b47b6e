import { readdirSync, readFileSync, existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { OUR_PACKAGES } from "../../../packages/cli/src/project/our-packages.ts";
import { publishedPackages } from "../../gates/published-packages.ts";

/** Layers from the bottom. A package imports only from layers below its own (docs/decisions/0002). */
const LAYERS: readonly { readonly name: string; readonly members: RegExp }[] = [
  { name: "errors", members: /^errors$/ },
  { name: "core", members: /^(core|safetensors|fused-ops)$/ },
  { name: "libraries", members: /^(statistics|pytorch-files|hub|images|study)$/ },
  { name: "kits", members: /^(model-llava|data-kit|eval-kit|trainer|backend-onnx|backend-tensorflow|serve|testing)$/ },
  { name: "plugins", members: /^(data|model|eval|trainer)-(?!kit$|llava$)/ },
  { name: "views", members: /^run-view$/ },
  { name: "pages", members: /^report$/ },
  { name: "apps", members: /^cli$/ },
];
const REPOSITORY = "https://github.com/mlan-js/mlan";
const FILES_OF_A_PACKAGE = ["package.json", "tsconfig.json", "README.md", "src/index.ts", "test/tsconfig.json"];

const packages = publishedPackages();
const root = new URL("../../../", import.meta.url);
/** All code of the workspace that may use a package. */
const users = [
  ...packages.flatMap(({ folder, url }) =>
    ["src/", "test/"].flatMap((part) => filesBelow(new URL(part, url), ".ts").map(({ text }) => ({ folder, text }))),
  ),
  ...["tools/", "bench/", "examples/"].flatMap((part) =>
    filesBelow(new URL(part, root), ".ts").map(({ text }) => ({ folder: part, text })),
  ),
];
const readmes = [
  new URL("README.md", root),
  ...packages.map(({ url }) => new URL("README.md", url)),
  ...filesBelow(new URL("docs/how-to/", root), ".md").map(({ path }) => new URL(`docs/how-to/${path}`, root)),
].map((file) => readFileSync(file, "utf8"));
const layerOf = (folder: string): number => LAYERS.findIndex(({ members }) => members.test(folder));

describe.each(packages)("packages/$folder", ({ folder, url, manifest }) => {
  const sources = filesBelow(new URL("src/", url), ".ts");

  it("belongs to a layer, and is named after its folder", () => {
    expect(layerOf(folder)).toBeGreaterThanOrEqual(0);
    expect(manifest.name).toBe(`@mlan/${folder}`);
  });

  it("has the files that every package has", () => {
    for (const file of FILES_OF_A_PACKAGE) expect(existsSync(new URL(file, url)), file).toBe(true);
    expect(filesBelow(new URL("test/", url), ".test.ts").length).toBeGreaterThan(0);
  });

  it("is an ES module without side effects, with a source condition first", () => {
    expect(manifest).toMatchObject({
      type: "module",
      sideEffects: false,
      license: "Apache-2.0",
      engines: { node: ">=20.19" },
    });
    expect(Object.keys(Object(manifest.exports?.["."]))).toEqual(["@mlan/source", "types", "default"]);
    expect(manifest.exports?.["./package.json"]).toBe("./package.json");
  });

  it("names its repository and its keywords", () => {
    expect(manifest).toMatchObject({
      homepage: `${REPOSITORY}/tree/main/packages/${folder}#readme`,
      bugs: `${REPOSITORY}/issues`,
      repository: { type: "git", url: `git+${REPOSITORY}.git`, directory: `packages/${folder}` },
      keywords: expect.arrayContaining(["mlan", "multimodal", "instruction-tuning"]),
    });
    expect(manifest.keywords?.length).toBeGreaterThan(3);
    expect(new Set(manifest.keywords).size).toBe(manifest.keywords?.length);
  });

  it("depends on layers below its own only", () => {
    const siblings = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).flatMap((name) =>
      name.startsWith("@mlan/") ? [name.slice("@mlan/".length)] : [],
    );
    for (const sibling of siblings) expect(layerOf(sibling), `${folder} -> ${sibling}`).toBeLessThan(layerOf(folder));
  });

  it("imports only what its package.json lists", () => {
    const listed = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    for (const { path, text } of sources) {
      for (const name of importedPackages(text)) expect(listed, `${path} imports ${name}`).toContain(name);
    }
  });

  it("shows paths in messages as they are on disk, by pathOf", () => {
    const encoded = /(?<!new URL\()`[^`\n]*\$\{[\w.]+\.(?:pathname|href)\}/;
    for (const { path, text } of sources) expect(encoded.exec(text)?.[0], path).toBeUndefined();
  });

  it("has a handwritten index, and no other index", () => {
    const index = sources.find(({ path }) => path === "index.ts")?.text ?? "";
    expect(index).not.toMatch(/export \*|export default/);
    expect(
      withoutComments(index)
        .replaceAll(/export (type )?\{[^}]*\} from "[^"]+";/g, "")
        .trim(),
    ).toBe("");
    expect(sources.filter(({ path }) => path.endsWith("/index.ts"))).toEqual([]);
  });

  // cli is run, not imported. Only its own tests use its index.
  it.skipIf(folder === "cli")("exports what others use: another package, a tool, an example or a README", () => {
    const index = sources.find(({ path }) => path === "index.ts")?.text ?? "";
    const others = users.filter((user) => user.folder !== folder && user.text.includes(manifest.name));
    const text = [...others.map((user) => user.text), ...readmes].join("\n");
    const unused = exportedValues(index).filter((name) => !new RegExp(`\\b${name}\\b`).test(text));
    expect(unused, "its own tests import the rest through #internal").toEqual([]);
  });

  it("has one concept per file: no grab-bags, and nothing imports the index", () => {
    for (const { path, text } of sources) {
      expect(path).toMatch(/^([a-z0-9-]+\/)*[a-z0-9-]+\.ts$/);
      expect(path).not.toMatch(/(^|\/)(utils?|types|helpers?|common|misc)(\.ts|\/)/);
      expect(text, path).not.toMatch(/from "(\.\/|\.\.\/)+index\.ts"/);
    }
  });

  it("keeps its files short", () => {
    for (const { path, text } of sources) {
      if (GENERATED.has(path)) continue;
      expect(text.split("\n").length, path).toBeLessThanOrEqual(300);
    }
  });

  it("takes no shortcuts around the type checker", () => {
    for (const { path, text } of sources)
      expect(text, path).not.toMatch(/as unknown as|@ts-(ignore|expect-error|nocheck)|: any\b/);
  });

  it("says what it is in its README, with how to install it", () => {
    const readme = readFileSync(new URL("README.md", url), "utf8");
    expect(readme.startsWith(`# ${manifest.name}\n`)).toBe(true);
    expect(readme).toMatch(/## Install/);
    expect(readme).toMatch(new RegExp(`npm install .*${manifest.name}\\b`));
  });
});

/** Files generated by scripts. A test runs the scripts again. */
const GENERATED = new Set(["optimizers/optimizers-bytes.ts"]);

it("the command suggests packages of this workspace, and no others", () => {
  expect(OUR_PACKAGES).toEqual(packages.map(({ manifest }) => manifest.name).toSorted());
});

it("every decision has a unique number, which its title repeats", () => {
  const folder = new URL("../../../docs/decisions/", import.meta.url);
  const names = readdirSync(folder).toSorted();
  expect(names.map((name) => name.slice(0, 4))).toEqual(names.map((_, index) => String(index + 1).padStart(4, "0")));
  for (const name of names)
    expect(readFileSync(new URL(name, folder), "utf8").startsWith(`# ${name.slice(0, 4)}`), name).toBe(true);
});

it("model code names no backend", () => {
  for (const { folder, url } of packages.filter(({ folder }) => /^(model-|trainer$|eval-)/.test(folder))) {
    for (const { path, text } of filesBelow(new URL("src/", url), ".ts")) {
      expect(text, `${folder}/src/${path}`).not.toMatch(/setBackend\(|tfjs-backend-|@mlan\/backend-/);
    }
  }
});

it("only a compute chooses the backend, and only when it is opened", () => {
  const choosing = /\b(?:setBackend|use\w+Backend|register\w+Backend|registerBackend|loadTensorFlow|tf\.ready)\(/;
  const allowed =
    /^(?:backend-|testing\/src\/(?:plain-compute|compute-contract|backbone-contract)\.ts|cli\/src\/work\/doctor\.ts)/;
  const found = packages.flatMap(({ folder, url }) =>
    filesBelow(new URL("src/", url), ".ts")
      .filter(({ text }) => choosing.test(withoutComments(text)))
      .map(({ path }) => `${folder}/src/${path}`),
  );
  expect(found.filter((path) => !allowed.test(path))).toEqual([]);
  expect(found).toContain("backend-onnx/src/compute.ts");
});

/**
 * Returns the exported values of an index without types, because callers may need the types of a function's options and
 * result.
 */
function exportedValues(index: string): readonly string[] {
  return [...withoutComments(index).matchAll(/export \{([^}]*)\}/g)].flatMap(([, names = ""]) =>
    names
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "" && !name.startsWith("type ")),
  );
}

function importedPackages(text: string): readonly string[] {
  const statements = /^import "([^"]+)";|^(?:import|export)\b[^;"=]*\bfrom "([^"]+)";|\bimport\("([^"]+)"\)/gm;
  const specifiers = [...text.matchAll(statements)].map(([, bare, named, dynamic]) => bare ?? named ?? dynamic ?? "");
  return specifiers
    .filter((specifier) => !specifier.startsWith(".") && !specifier.startsWith("node:"))
    .map((specifier) =>
      specifier
        .split("/")
        .slice(0, specifier.startsWith("@") ? 2 : 1)
        .join("/"),
    );
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
}

function filesBelow(folder: URL, ending: string): readonly { path: string; text: string }[] {
  if (!existsSync(folder)) return [];
  const root = fileURLToPath(folder);
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(ending))
    .map((path) => ({ path, text: readFileSync(`${root}/${path}`, "utf8") }));
}
