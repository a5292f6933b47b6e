#!/usr/bin/env node
import { mlan } from "./commands/program.ts";
import { processTerminal } from "./terminal/terminal.ts";

// `mlan show runs/x | head` closes the pipe early, which is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});
process.exitCode = await mlan(process.argv.slice(2), processTerminal());
