/** Checks that no TensorFlow is installed on this machine; fails if there is one, because the tests would have used it. */
import { installedBinding } from "@mlan/backend-tensorflow";

const installed = installedBinding();
if (installed === undefined) console.log("No TensorFlow is installed here: tests that need it were skipped.");
else {
  console.error(`TensorFlow ${installed.tensorFlowVersion} is installed here: ${installed.file}`);
  process.exitCode = 1;
}
