import type { Benchmark } from "../contracts/benchmark.ts";
import { MlanError } from "../errors.ts";

/**
 * Throws `invalid-options` when a protocol has no prompts for a model's wording. The message names the protocols that
 * have prompts for it.
 */
export function checkWording(
  { name, protocols, protocol }: Pick<Benchmark, "name" | "protocols" | "protocol">,
  wanted: string,
  wording: string,
): void {
  const canAsk = (one: string): boolean => protocol(one).wordings?.includes(wording) ?? true;
  if (canAsk(wanted)) return;
  const others = protocols.filter(canAsk).map((one) => `"${one}"`);
  const remedy =
    others.length > 0
      ? `use the protocol ${others.join(" or ")}, which asks in the model's own wording`
      : "use another benchmark, or define a protocol with `ask`";
  throw new MlanError(
    "invalid-options",
    `${name}: the protocol "${wanted}" has no prompts for a model with the wording "${wording}", only for ` +
      `${protocol(wanted).wordings?.join(", ")}; ${remedy}.`,
  );
}
