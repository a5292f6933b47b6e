// What nx knows about a project beyond its package.json: its targets, and other files that it reads. nx.json defines how targets run.
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** The targets that follow from a project's files. */
export const createNodes = [
  "{packages/*,tools/*,examples,bench}/package.json",
  (files, _, { workspaceRoot }) =>
    files.map((file) => {
      const root = posix.dirname(file);
      return [file, { projects: { [root]: { targets: targetsOf(root, workspaceRoot) } } }];
    }),
];

function targetsOf(root, workspaceRoot) {
  const has = (path) => existsSync(join(workspaceRoot, root, path));
  return {
    ...(has("tsconfig.json") && { build: { dependsOn: buildsBefore(root, workspaceRoot) } }),
    ...(has("test/tsconfig.json") && { typecheck: {} }),
    ...(has("test") && { test: {} }),
  };
}

/**
 * Returns the projects to build first, from the references in tsconfig.json. package.json would have cycles, because
 * packages test each other.
 */
function buildsBefore(root, workspaceRoot) {
  const { references = [] } = JSON.parse(readFileSync(join(workspaceRoot, root, "tsconfig.json"), "utf8"));
  const projects = references.map(({ path }) => posix.join(root, path));
  return projects.length === 0 ? [] : [{ projects, target: "build" }];
}

/**
 * A project depends on each project that one of its files imports or reads by a relative path: tests share cases across
 * packages. nx's analysis of imports would need the API of TypeScript 6.
 */
export function createDependencies(_, { projects, filesToProcess, workspaceRoot }) {
  const names = new Map(Object.entries(projects).map(([name, { root }]) => [root, name]));
  return Object.entries(filesToProcess.projectFileMap).flatMap(([source, files]) =>
    files
      .filter(({ file }) => /\.[mc]?[jt]s$/.test(file))
      .flatMap(({ file }) => {
        const targets = projectsNamedBy(readFileSync(join(workspaceRoot, file), "utf8"), posix.dirname(file), names);
        return targets
          .filter((target) => target !== source)
          .map((target) => ({ source, target, sourceFile: file, type: "static" }));
      }),
  );
}

function projectsNamedBy(text, folder, names) {
  const paths = [...text.matchAll(/["'`](\.\.\/[\w./@-]*)["'`$]/g)].map(([, path]) => posix.join(folder, path));
  return [...new Set(paths.map((path) => projectAt(path.replace(/\/$/, ""), names)))].filter(
    (name) => name !== undefined,
  );
}

/**
 * Returns the project at a path; undefined for paths outside all projects, such as node_modules and the folder of all
 * packages.
 */
function projectAt(path, names) {
  if (path === "." || /^[\w.-]+\.\w+$|^(?:docs|\.changeset|\.ci)(?:\/|$)/.test(path)) return names.get(".");
  const [first, second] = path.split("/");
  return names.get(first) ?? names.get(`${first}/${second}`);
}
