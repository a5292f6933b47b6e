import { hub, type HubModel } from "@mlan/hub";
import { folderAt } from "./folders.ts";

const HUB = /^hub:(?<repository>[^@]*)(?:@(?<revision>.*))?$/s;

/** Parses a checkpoint in a command line: a folder, or `hub:owner/name`, optionally followed by `@revision`. */
export function checkpointPlace(written: string): URL | HubModel {
  const { repository, revision } = HUB.exec(written)?.groups ?? {};
  if (repository === undefined) return folderAt(written);
  return hub(repository, revision === undefined ? {} : { revision });
}
