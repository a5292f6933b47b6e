import { extname } from "node:path";
import { displayPath } from "./folders.ts";

/** Returns the `mlan` command as the user must type it here, so that commands in messages can be copied. */
export function commandName(env: NodeJS.ProcessEnv = process.env, ownFile: string = import.meta.url): string {
  // Only a clone runs from the sources. Its root package.json has a script for the command.
  if (extname(ownFile) === ".ts") return "npm run mlan --";
  const manager = /^(\w+)\//.exec(env["npm_config_user_agent"] ?? "")?.[1];
  if (manager === undefined) return "mlan";
  return { pnpm: "pnpm exec mlan", yarn: "yarn mlan" }[manager] ?? "npx mlan";
}

/** Returns the command line that prints a run. */
export function showCommand(folder: URL): string {
  return typedCommand(["show", displayPath(folder)]);
}

/** Returns the command line with these arguments. */
export function typedCommand(words: readonly string[]): string {
  return [commandName(), ...words.map(shellWord)].join(" ");
}

/** Replaces `npx mlan ...` in a string with the command as the user must type it here. */
export function withCommandName(text: string): string {
  return text.replaceAll(/\bnpx mlan (?=[a-z])/g, () => `${commandName()} `);
}

function shellWord(path: string): string {
  return /^[\w./:@%+=,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
