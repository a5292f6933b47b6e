import { counted, MlanError, pathOf } from "@mlan/core";
import { type Upload, uploadFolder, type UploadProgress } from "@mlan/hub";
import { access } from "node:fs/promises";
import { checkpointAt } from "../project/checkpoint-at.ts";
import { importModelLlava } from "../project/import-model-llava.ts";
import { clipped } from "../terminal/progress-text.ts";
import { significant } from "@mlan/run-view";
import { openInterruption } from "../terminal/interruption.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface PushRequest {
  /** The folder of a checkpoint, or a run folder. The last checkpoint of a run is uploaded. */
  readonly folder: string;
  /** Owner and name of the repository, separated by a slash. */
  readonly repository: string;
  readonly branch?: string;
  /** The first line of the commit message. */
  readonly title?: string;
  /** Whether a new repository is public. Does not affect an existing repository. */
  readonly public?: boolean;
}

/** Where version 1.0 kept quantized matrices beside a checkpoint. */
const EARLIER_QUANTIZED_FOLDER = "quantised/";

/** Uploads a checkpoint to the Hub, prints a report, and returns the exit status. */
export async function push(request: PushRequest, terminal: Terminal): Promise<number> {
  const { repository, branch, title = "Upload model with mlan" } = request;
  const folder = await checkpointAt(request.folder, "<folder>");
  if (!(folder instanceof URL)) {
    throw new MlanError("invalid-options", `${request.folder} is on the Hub; give a folder on this machine.`);
  }
  const { BASE_FILE, isModelFile, QUANTIZED_FOLDER } = await importModelLlava();
  if (!(await isThere(new URL("config.json", folder)))) {
    const message = `${pathOf(folder)} is not the folder of a model: it has no config.json. Give the folder of a checkpoint, or that of a run.`;
    throw new MlanError("invalid-data", message);
  }
  if (await isThere(new URL(BASE_FILE, folder))) {
    const message = `${pathOf(folder)} contains only the weights that were trained (${BASE_FILE} names the others). Export the complete model with mlan export ${request.folder} --to complete, and push that folder.`;
    throw new MlanError("invalid-data", message);
  }
  using interruption = openInterruption(() => terminal.note("Stopping. The same command continues from here."));
  const onUpload = ({ file, bytes, size }: UploadProgress): void => {
    const line = `uploading ${file}: ${significant(bytes / 1e6)} of ${significant(size / 1e6)} MB`;
    if (terminal.interactive) terminal.redraw(clipped(line, terminal.columns() - 1));
    else if (bytes === size) terminal.note(line);
  };
  const { signal } = interruption;
  try {
    const upload = await uploadFolder(folder, {
      repository,
      title,
      ...(branch !== undefined && { branch }),
      private: request.public !== true,
      isStale: isModelFile,
      isLocal: (path) => path.startsWith(QUANTIZED_FOLDER) || path.startsWith(EARLIER_QUANTIZED_FOLDER),
      signal,
      onUpload,
    });
    terminal.print(summary(request, upload));
    return 0;
  } catch (error) {
    const status = interruption.exitCode();
    if (status === undefined) throw error;
    return status;
  } finally {
    terminal.redraw(undefined);
  }
}

function isThere(file: URL): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function summary(request: PushRequest, { commit, created, uploaded, removed }: Upload): string {
  const { repository } = request;
  const made = created ? `Created the ${request.public ? "public" : "private"} repository ${repository}. ` : "";
  if (uploaded.length + removed.length === 0) return `${repository} is up to date, at commit ${commit}.`;
  const stale = removed.length > 0 ? ` Removed files that are not in the folder: ${removed.join(", ")}.` : "";
  return `${made}Uploaded ${counted(uploaded.length, "file")} to ${repository}, commit ${commit}.${stale}`;
}
