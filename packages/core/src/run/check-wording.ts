import type { Benchmark } from "../contracts/benchmark.ts";
import { MlanError } from "../errors.ts";

/** Throws `invalid-options` when a protocol has no prompts for a model's wording, and names the protocols that have. */
export function checkWording(
  { name, protocols, protocol }: Pick<Benchmark, "name" | "protocols" | "protocol">,
  wanted: string,
  wording: string,
): void {
  const canAsk = (one: string): boolean => protocol(one).wordings?.includes(wording) ?? true;
  if (canAsk(wanted)) return;
  const others = protocols.filter(canAsk).map((one) => `"${one}"`);
  const wayOut =
    others.length > 0
      ? `ask it by the protocol ${others.join(" or ")}, whose questions are put in the model's own wording`
      : "take another benchmark, or define a protocol with `ask`";
  throw new MlanError(
    "invalid-options",
    `${name}: the protocol "${wanted}" has no prompts for a model of the wording "${wording}", only for ` +
      `${protocol(wanted).wordings?.join(", ")}; ${wayOut}.`,
  );
}
