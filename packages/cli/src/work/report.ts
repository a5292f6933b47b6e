import { createHash, type Hash } from "node:crypto";
import { once } from "node:events";
import { readdir, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { toFolderUrl, writeFileAtomically } from "@mlan/core";
import type { reportPage, serveReport } from "@mlan/report";
import { type View, viewOf, viewOfStudy } from "@mlan/run-view";
import { isStudyFolder, readStudy } from "@mlan/study";
import { pathAt } from "../project/folders.ts";
import { withInstallHint } from "../project/install-hint.ts";
import { locateInProject } from "../project/locate-in-project.ts";
import { openInterruption } from "../terminal/interruption.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface ReportRequest {
  /** At least one run folder, or the folder of a study. */
  readonly folders: readonly URL[];
  /** Maximum size of all images on the page, in bytes. */
  readonly imageBytes: number;
}

/** Writes the page and returns its `file:` URL. */
export async function writeReport({
  folders,
  imageBytes,
  out,
}: ReportRequest & { readonly out?: string }): Promise<string> {
  const { reportPage } = await importReport();
  const file = out === undefined ? new URL("report.html", folders[0]) : pathToFileURL(resolve(pathAt(out)));
  await writeFileAtomically(file, await reportPage(await viewAt(folders), { imageBytes }));
  return file.href;
}

/** Serves the page until a signal arrives, and returns the exit status. */
export async function watchReport(
  { folders, imageBytes, port }: ReportRequest & { readonly port: number },
  terminal: Terminal,
): Promise<number> {
  const { reportPage, serveReport } = await importReport();
  const report = await serveReport({
    render: async (state) => reportPage(await viewAt(folders), { imageBytes, state }),
    state: () => stateOf(folders),
    port,
  });
  using interruption = openInterruption(() => undefined);
  terminal.print(report.url);
  terminal.note(terminal.paint.dim("The page reloads while the run continues. Press Ctrl-C to stop serving it."));
  if (!interruption.signal.aborted) await once(interruption.signal, "abort");
  await report.close();
  return 0;
}

/** Reads a study folder, or one or several run folders. */
async function viewAt(folders: readonly URL[]): Promise<View> {
  const [first, ...others] = folders;
  if (first === undefined || others.length > 0 || !(await isStudyFolder(first))) return viewOf(folders);
  return viewOfStudy(await readStudy(first));
}

interface ReportPackage {
  readonly reportPage: typeof reportPage;
  readonly serveReport: typeof serveReport;
}

/** Imports `@mlan/report` from the user's project. Throws `missing-plugin`, with the command that installs it. */
function importReport(): Promise<ReportPackage> {
  const address = locateInProject("@mlan/report") ?? "@mlan/report";
  return withInstallHint((): Promise<ReportPackage> => import(address));
}

/** Returns a short text that changes whenever a file in the folders changes, except checkpoints and the page. */
async function stateOf(folders: readonly URL[]): Promise<string> {
  const hash = createHash("sha256");
  for (const folder of folders) await addFolder(hash, folder);
  return hash.digest("hex").slice(0, 16);
}

async function addFolder(hash: Hash, folder: URL): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.toSorted()) {
    if (name === "checkpoints" || name === "report.html") continue;
    const place = new URL(encodeURIComponent(name), folder);
    const found = await stat(place).catch(() => undefined);
    if (found?.isDirectory()) await addFolder(hash, toFolderUrl(place));
    else hash.update(`${name} ${found?.size} ${found?.mtimeMs}\n`);
  }
}
