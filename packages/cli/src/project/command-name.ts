import { extname } from "node:path";
import { displayPath } from "./folders.ts";

/** How this command is typed where it was started: what a message tells to type works as it stands. */
export function commandName(env: NodeJS.ProcessEnv = process.env, ownFile: string = import.meta.url): string {
  // The sources run only in a clone, whose root has a script for it.
  if (extname(ownFile) === ".ts") return "npm run mlan --";
  const manager = /^(\w+)\//.exec(env["npm_config_user_agent"] ?? "")?.[1];
  if (manager === undefined) return "mlan";
  return { pnpm: "pnpm exec mlan", yarn: "yarn mlan" }[manager] ?? "npx mlan";
}

/** The command that prints a run. */
export function showCommand(folder: URL): string {
  return `${commandName()} show ${shellWord(displayPath(folder))}`;
}

/** A text whose commands, written as `npx mlan ...`, are typed as they work here. */
export function withCommandName(text: string): string {
  return text.replaceAll(/\bnpx mlan (?=[a-z])/g, () => `${commandName()} `);
}

function shellWord(path: string): string {
  return /^[\w./:@%+=,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
