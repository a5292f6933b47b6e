/** `npm run new -- data my-set` creates a package that passes every check, ready to be filled in. */
import { MlanError } from "@mlan/core";
import { plan } from "./plan.ts";
import { writeAll } from "./write-all.ts";

try {
  const planned = await plan(process.argv.slice(2));
  writeAll(planned);
  const { folder, kind } = planned;
  console.log(
    `Created packages/${folder}. Fill in src/, test/ and README.md, and the sentence in .changeset/${folder}-first.md.\n` +
      `Its tests: npm test -- packages/${folder}/\n` +
      `Next steps: ${kind.guide}`,
  );
} catch (error) {
  if (!MlanError.is(error)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
