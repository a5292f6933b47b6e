import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";

/** The output of nx, and whether it succeeded. */
export interface Said {
  readonly ok: boolean;
  readonly output: string;
}

/** Runs nx in a workspace as a script would, without a terminal. */
export async function nx(workspace: string, ...parameters: readonly string[]): Promise<Said> {
  const program = join(workspace, "node_modules/nx/dist/bin/nx.js");
  // An nx that runs this test sets variables for its tasks. They do not apply to this workspace.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("NX_")));
  const options = { cwd: workspace, env: { ...env, NO_COLOR: "1" }, maxBuffer: 64e6 };
  const said = await promisify(execFile)(process.execPath, [program, ...parameters], options).then(
    (done) => ({ ok: true, ...done }),
    (error: Error & { readonly stdout?: string; readonly stderr?: string }) => ({ ok: false, ...error }),
  );
  return { ok: said.ok, output: stripVTControlCharacters(`${said.stdout ?? ""}${said.stderr ?? ""}`) };
}

interface Target {
  readonly cache?: boolean;
  readonly outputs?: readonly string[];
  readonly inputs?: readonly unknown[];
}

/** The graph in the form that `nx graph` writes. */
export interface Graph {
  readonly nodes: Readonly<
    Record<string, { readonly data: { readonly root: string; readonly targets: Readonly<Record<string, Target>> } }>
  >;
  readonly dependencies: Readonly<Record<string, readonly { readonly target: string }[]>>;
}

export async function readGraph(workspace: string): Promise<Graph> {
  const folder = await mkdtemp(join(tmpdir(), "mlan-nx-"));
  try {
    const file = join(folder, "graph.json");
    const { ok, output } = await nx(workspace, "graph", `--file=${file}`);
    if (!ok) throw new Error(output);
    const { graph }: { graph: Graph } = JSON.parse(await readFile(file, "utf8"));
    return graph;
  } finally {
    await rm(folder, { recursive: true });
  }
}
