import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A process that answers one request at a time: one JSON object per line in each direction. */
export interface LineProcess {
  readonly name: string;
  /** The caller gives the type of the answer. It is not checked, because both sides belong together. */
  ask<Answer>(request: object): Promise<Answer>;
  stop(): void;
}

export function startLineProcess(name: string, command: string, parameters: readonly string[]): LineProcess {
  const child = spawn(command, [...parameters], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    name,
    async ask<Answer>(request: object): Promise<Answer> {
      write(child, `${JSON.stringify(request)}\n`);
      const { value, done } = await answers.next();
      if (done === true)
        throw new Error(`${name} ended (exit code ${child.exitCode}) instead of answering; see above.`);
      return JSON.parse(value) as Answer;
    },
    stop: () => child.kill(),
  };
}

function write({ stdin }: ChildProcess, text: string): void {
  if (stdin === null) throw new Error("the process has no stdin");
  stdin.write(text);
}
