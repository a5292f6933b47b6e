import { MlanError, type PlannedEvaluation } from "@mlan/core";

/** Throws `invalid-options` when no question of the benchmark has choices to rank. */
export async function checkChoices({ benchmark, protocol, signal }: PlannedEvaluation): Promise<void> {
  const { choices } = benchmark.protocol(protocol);
  const examples = await benchmark.open(signal ? { signal } : {});
  for (let index = 0; index < examples.length; index++) {
    if (choices(await examples.at(index)).length > 0) return;
  }
  if (examples.length === 0) return; // evaluateQuestions reports this
  throw withoutChoices({ benchmark, protocol });
}

export function withoutChoices({ benchmark, protocol }: PlannedEvaluation): MlanError {
  return new MlanError(
    "invalid-options",
    `likelihood: no question of ${benchmark.name} has choices in the protocol ${protocol}; evaluate it with generation().`,
  );
}
