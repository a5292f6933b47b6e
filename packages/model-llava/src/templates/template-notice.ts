import { shownValue } from "@mlan/core";
import type { StoredTemplate } from "../config/format-config.ts";
import { plain } from "./plain.ts";

/**
 * Returns a notice if the training template of the weights differs from the template in use: a phrase that ends a
 * sentence. Returns undefined if no difference is known.
 */
export function templateNotice(learned: StoredTemplate | undefined, used: StoredTemplate): string | undefined {
  if (!learned || [learned.name, used.name].includes(plain.name)) return undefined;
  const isSame = (learned.fingerprint ?? used.fingerprint) === used.fingerprint;
  if (learned.name !== used.name)
    return isSame && learned.fingerprint !== undefined
      ? undefined
      : `was tuned with the template ${shown(learned)} and is used with ${shown(used)}`;
  if (isSame) return undefined;
  return (
    `was tuned with the template ${shown(learned)}, which now writes conversations differently (${used.fingerprint}): by another ` +
    "version of mlan, or because its tokenizer or chat template changed"
  );
}

function shown({ name, fingerprint }: StoredTemplate): string {
  return fingerprint === undefined ? shownValue(name) : `${shownValue(name)} (${fingerprint})`;
}
