import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The folders in which Python's `huggingface_hub` keeps its files, from its environment variables and defaults. */
export interface HubHome {
  /** The folder with one subfolder per repository. Ends in a slash. */
  readonly cache: URL;
  readonly tokenFile: URL;
}

/** Returns the folders for the environment at the time of the call. */
export function hubHome(): HubHome {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, HF_TOKEN_PATH, XDG_CACHE_HOME } = process.env;
  const home = expanded(HF_HOME || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "huggingface"));
  return {
    cache: pathToFileURL(`${expanded(HF_HUB_CACHE || HUGGINGFACE_HUB_CACHE || join(home, "hub"))}/`),
    tokenFile: pathToFileURL(expanded(HF_TOKEN_PATH || join(home, "token"))),
  };
}

/** Whether a variable is set to a value that `huggingface_hub` accepts as true. */
export function isSwitchedOn(variable: string | undefined): boolean {
  return /^(1|true|yes|on)$/i.test(variable ?? "");
}

function expanded(path: string): string {
  return path.replace(/^~(?=$|[/\\])/, homedir());
}
