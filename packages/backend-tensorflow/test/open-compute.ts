/** Opens the compute plugin, and prints the code and the message of the error that is thrown. */
import { tensorflow } from "@mlan/backend-tensorflow";
import { COMPUTE, createScope, MlanError } from "@mlan/core";

try {
  await createScope([tensorflow()]).get(COMPUTE).open();
} catch (error) {
  console.log(MlanError.is(error) ? `${error.code} ${error.message}` : `crashed: ${String(error)}`);
}
